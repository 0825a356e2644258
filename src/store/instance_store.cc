#include "store/instance_store.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <optional>
#include <pthread.h>
#include <thread>
#include <utility>

#include "base/bounded_queue.h"
#include "store/database.h"
#include "store/replica_rows.h"
#include "store/roll_reader.h"
#include "store/roll_writer.h"
#include "store/sqlite_error.h"
#include "store/zone_names.h"
#include "store/zone_serials.h"

namespace rollcall::store {
namespace {

constexpr std::size_t k_parts_ahead = 4;  // restore: parts read ahead and not yet taken

}  // namespace

Result<std::unique_ptr<InstanceStore>> InstanceStore::open(const std::filesystem::path& path,
                                                           const registry::ZoneDirectory& zones,
                                                           const HistoryLimits& history, registry::StorageMode mode,
                                                           std::optional<DatabaseLock> lock) {
  auto database = Database::open(path, mode, std::move(lock));
  if (!database) return std::unexpected(std::move(database.error()));
  try {
    return std::unique_ptr<InstanceStore>(new InstanceStore(std::move(*database), zones, history, mode));
  } catch (const std::exception& exception) {
    // The tables do not match the schema version: they were altered by hand.
    return failure(Errc::start_up, "the database " + path.string() + " has other tables than it should have (" +
                                       exception.what() +
                                       "); put a back-up in its place with rollcalld --restore FILE");
  }
}

InstanceStore::InstanceStore(std::unique_ptr<Database> database, const registry::ZoneDirectory& zones,
                             const HistoryLimits& history, registry::StorageMode mode)
    : mode_(mode),
      zones_(zones),
      database_(std::move(database)),
      writer_(std::make_unique<RollWriter>(database_->connection(), zones, history, mode)),
      edits_(std::make_unique<EditReader>(database_->connection(), zones)),
      replica_(std::make_unique<ReplicaRows>(database_->connection(), zones)),
      names_(zones) {
  has_place_ = replica_->read_place().has_value();
  is_doubtful_ = mode_ == registry::StorageMode::replica && edits_->is_edited();
}

InstanceStore::~InstanceStore() = default;

RowKey InstanceStore::row_key(const registry::InstanceRef& key) {
  return {names_.text_of(key.service.zone), std::string(key.service.name), std::string(key.id)};
}

Result<void> InstanceStore::write(const registry::Transaction& transaction) {
  if (mode_ == registry::StorageMode::replica) return write_local(transaction);
  // These instances have already left the roll, so list them as ignored before the commit.
  for (const registry::Refused* each : transaction.set_aside) {
    ignored_.add(name_of_row(row_key(each->key.ref())), each->sentence);
  }
  const bool has_notes = edits_->has_notes() || !transaction.set_aside.empty();
  const auto also = [&] {
    if (has_notes) write_notes(transaction);
    if (has_place_) replica_->forget_place();  // from here on the roll is this node's own
  };
  try {
    writer_->write(transaction, has_notes || has_place_ ? also : std::function<void()>());
    has_place_ = false;
  } catch (const std::exception& exception) {
    Error error = to_error(exception, "written");
    edits_->reset();
    if (has_notes) edits_->start_over();
    return std::unexpected(std::move(error));
  }
  database_->checkpoint_when_due();
  if (!ignored_.is_empty() || has_notes) follow(transaction);
  return {};
}

// Updates the notes in the same transaction: an ignored row keeps a note; a row that the server overwrites loses it.
void InstanceStore::write_notes(const registry::Transaction& transaction) {
  for (const registry::Refused* each : transaction.set_aside) edits_->keep(row_key(each->key.ref()));
  for (const registry::InstanceRef& key : transaction.removed) edits_->forget(row_key(key));
  for (const registry::InstanceRecord* record : transaction.instances) {
    edits_->forget(row_key(record->registration.key.ref()));
  }
}

// Schedules a new check of the ignored rows of each changed service: the change may have resolved the conflict.
void InstanceStore::follow(const registry::Transaction& transaction) {
  const auto follow_row = [&](const registry::InstanceRef& instance) {
    const RowKey key = row_key(instance);
    ignored_.remove(name_of_row(key));
    edits_->look_again(key.zone, key.service);
  };
  for (const registry::InstanceRef& key : transaction.removed) follow_row(key);
  for (const registry::InstanceRecord* record : transaction.instances) follow_row(record->registration.key.ref());
}

Result<void> InstanceStore::restore(const TakeRestored& take) {
  skipped_ = {};
  std::vector<registry::Refused> refused;
  BoundedQueue<registry::Restored> parts(k_parts_ahead);
  std::exception_ptr failed;
  std::int64_t last_edit = 0;
  {
    const std::jthread reading([&] {
      pthread_setname_np(pthread_self(), "restore");
      try {
        last_edit = edits_->last();
        read_roll(
            database_->connection(), zones_, skipped_,
            [&](registry::Restored part) { static_cast<void>(parts.put(std::move(part))); }, mode_);
      } catch (...) {
        failed = std::current_exception();
      }
      parts.close();
    });
    try {
      while (std::optional<registry::Restored> part = parts.take()) {
        std::ranges::move(take(std::move(*part)), std::back_inserter(refused));
      }
    } catch (...) {
      parts.close();  // prevents a deadlock: the reader thread may wait for space in the queue
      throw;
    }
  }
  try {
    if (failed) std::rethrow_exception(failed);
  } catch (const std::exception& exception) {
    edits_->reset();
    return std::unexpected(to_error(exception, "read"));
  }
  begin_with_ignored(refused, last_edit);
  return {};
}

// The restore has just read all rows, so it covers the notes up to `last`. If another program is writing now, the
// server reads those notes again later, without effect, and adds the missing notes then (`unnoted_`).
void InstanceStore::begin_with_ignored(const std::vector<registry::Refused>& refused, std::int64_t last) {
  std::vector<RowKey> ignored = std::move(skipped_.keys);
  for (const registry::Refused& each : refused) {
    ignored.push_back(row_key(each.key.ref()));
    skipped_.add(name_of_row(ignored.back()), each.sentence);
  }
  ignored_.replace(skipped_);
  if (mode_ == registry::StorageMode::replica) return;  // every note is of a proposal that is still to be made
  if (last == 0 && ignored.empty()) return;
  if (writes_later_) {
    edits_->start_over();
    unnoted_ = std::move(ignored);
    return;
  }
  try {
    writer_->hold();
    edits_->begin_with(ignored, last);
    writer_->release();
  } catch (const std::exception&) {
    edits_->reset();
    writer_->drop();
    edits_->start_over();
    unnoted_ = std::move(ignored);
  }
}

Result<registry::Restored> InstanceStore::restore() {
  registry::Restored whole;
  const Result<void> restored = restore([&](registry::Restored part) {
    whole.index = part.index;
    whole.last_event = part.last_event;
    std::ranges::move(part.services, std::back_inserter(whole.services));
    std::ranges::move(part.instances, std::back_inserter(whole.instances));
    return std::vector<registry::Refused>();
  });
  if (!restored) return std::unexpected(restored.error());
  return whole;
}

Result<std::vector<registry::InstanceRecord>> InstanceStore::read(std::span<const registry::InstanceKey> keys) {
  std::vector<registry::InstanceRecord> records;
  try {
    InstanceRow row(database_->connection(), zones_);
    for (const registry::InstanceKey& key : keys) {
      auto found = row.read(key.service.zone, names_.text_of(key.service.zone), key);
      if (found && *found) records.push_back(std::move(**found));
    }
    row.reset();
  } catch (const std::exception& exception) {
    return std::unexpected(to_error(exception, "read"));
  }
  return records;
}

Result<std::vector<registry::KeptSerial>> InstanceStore::kept_serials() {
  try {
    ZoneNames zones(zones_);
    return read_serials(database_->connection(), zones);
  } catch (const std::exception& exception) {
    return std::unexpected(to_error(exception, "read"));
  }
}

Result<void> InstanceStore::keep_serials(std::span<const registry::KeptSerial> serials) {
  try {
    ZoneNames zones(zones_);
    write_serials(database_->connection(), zones, serials);
  } catch (const std::exception& exception) {
    return std::unexpected(to_error(exception, "written"));
  }
  database_->checkpoint_when_due();
  return {};
}

bool InstanceStore::is_edited() noexcept {
  if (is_behind_) return false;
  if (!unnoted_.empty() || !found_.empty()) return true;
  try {
    return edits_->is_edited();
  } catch (const std::exception&) {
    edits_->reset();
    return false;
  }
}

Result<std::vector<EditedRow>> InstanceStore::begin_edits(std::size_t notes_max) {
  try {
    writer_->hold();
    for (const RowKey& key : unnoted_) edits_->keep(key);
    std::vector<EditedRow> rows = edits_->take(notes_max - std::min(notes_max, found_.size()));
    rows.insert(rows.begin(), std::make_move_iterator(found_.begin()), std::make_move_iterator(found_.end()));
    found_.clear();
    return rows;
  } catch (const std::exception& exception) {
    Error error = to_error(exception, "read");
    edits_->reset();
    writer_->drop();
    return std::unexpected(std::move(error));
  }
}

Result<void> InstanceStore::end_edits(std::span<const RowKey> settled, std::span<const RowKey> ignored) {
  const bool is_replica = mode_ == registry::StorageMode::replica;
  const auto is_kept = [&](const RowKey& key) { return !is_replica || is_noted(key); };
  const bool writes =
      std::ranges::any_of(settled, [&](const RowKey& key) { return edits_->count_notes(key) > 0; }) ||
      std::ranges::any_of(ignored, [&](const RowKey& key) { return is_kept(key) && edits_->count_notes(key) != 1; });
  try {
    if (writes && !writer_->is_held()) writer_->hold();
    for (const RowKey& key : settled) edits_->forget(key);
    for (const RowKey& key : ignored) {
      if (is_kept(key)) edits_->keep(key);
    }
    writer_->release();
  } catch (const std::exception& exception) {
    Error error = to_error(exception, "written");
    edits_->reset();
    writer_->drop();
    edits_->start_over();
    return std::unexpected(std::move(error));
  }
  unnoted_.clear();
  if (is_replica) {
    edits_->leave_open();
  } else if (!edits_->is_done()) {
    edits_->start_over();
  }
  database_->checkpoint_when_due();
  return {};
}

bool InstanceStore::is_noted(const RowKey& key) const { return edits_->count_notes(key) > 0; }

void InstanceStore::look_again() { edits_->look_again(); }

}  // namespace rollcall::store
