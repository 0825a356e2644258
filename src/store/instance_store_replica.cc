// What InstanceStore does for the roll of a cluster (registry/ports/storage.h, Replica).
#include <exception>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "store/database.h"
#include "store/edit_reader.h"
#include "store/instance_store.h"
#include "store/replica_rows.h"
#include "store/roll_writer.h"
#include "store/sqlite_error.h"

namespace rollcall::store {
namespace {

// Edits held in memory until they are proposed. While more wait, changes of the cluster are not stored.
constexpr std::size_t k_found_edits_max = 16 * limits::k_batch_changes_max;

}  // namespace

Result<std::optional<registry::ReplicaPlace>> InstanceStore::place() {
  if (mode_ == registry::StorageMode::own) return std::optional<registry::ReplicaPlace>();
  try {
    std::optional<registry::ReplicaPlace> place = replica_->read_place();
    if (place) place->is_whole = !is_doubtful_;
    return place;
  } catch (const std::exception& exception) {
    Error error = to_error(exception, "read");
    replica_->reset();
    return std::unexpected(std::move(error));
  }
}

Result<void> InstanceStore::store(std::span<const registry::DurableChange> changes,
                                  const registry::ReplicaPlace& place) {
  const FollowedChanges followed(changes);
  const registry::Transaction& transaction = followed.transaction();
  const std::size_t found_before = found_.size();
  const auto give_up = [&](Error error) {
    edits_->reset();
    replica_->reset();
    writer_->drop();
    edits_->start_over();
    found_.resize(found_before);
    is_behind_ = true;
    return std::unexpected(std::move(error));
  };
  bool has_notes = false;
  try {
    writer_->hold(RollWriter::Wait::yes);
    if (!find_edits()) return give_up({Errc::store_busy, "too many edits of the database wait"});
    has_notes = edits_->has_notes();
    writer_->write(transaction, [&] {
      for (const auto& [service, change] : followed.services()) replica_->put_service(service, change);
      replica_->put_place(place);
      if (has_notes) write_notes(transaction);
    });
  } catch (const std::exception& exception) {
    return give_up(to_error(exception, "written"));
  }
  edits_->leave_open();
  is_behind_ = false;
  is_doubtful_ = false;
  database_->checkpoint_when_due();
  if (!ignored_.is_empty() || has_notes) follow(transaction);
  return {};
}

Result<void> InstanceStore::clear() {
  try {
    writer_->hold(RollWriter::Wait::yes);
    writer_->write({}, [&] { replica_->clear(); });
  } catch (const std::exception& exception) {
    writer_->drop();
    replica_->reset();
    return std::unexpected(to_error(exception, "cleared"));
  }
  return {};
}

// Reads the edits made since, in the transaction that may overwrite their rows: what an operator has written is proposed
// to the cluster even if its row has changed by then. False: there are too many.
bool InstanceStore::find_edits() {
  while (edits_->is_edited()) {
    if (found_.size() >= k_found_edits_max) return false;
    std::vector<EditedRow> rows = edits_->take(limits::k_batch_changes_max);
    edits_->leave_open();
    std::move(rows.begin(), rows.end(), std::back_inserter(found_));
  }
  return true;
}

// The cluster's changes come by `store`. What this node alone decides is which services it forgets, and which rows it lists
// as ignored.
Result<void> InstanceStore::write_local(const registry::Transaction& transaction) {
  for (const registry::Refused* each : transaction.set_aside) {
    ignored_.add(name_of_row(row_key(each->key.ref())), each->sentence);
  }
  if (transaction.forgotten.empty()) return {};
  registry::Transaction only;
  only.forgotten = transaction.forgotten;
  try {
    writer_->write(only);
  } catch (const std::exception& exception) {
    return std::unexpected(to_error(exception, "written"));
  }
  database_->checkpoint_when_due();
  return {};
}

}  // namespace rollcall::store
