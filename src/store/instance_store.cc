#include "store/instance_store.h"

#include <utility>

#include "store/database.h"
#include "store/edit_reader.h"
#include "store/roll_reader.h"
#include "store/roll_writer.h"
#include "store/sqlite_error.h"
#include "store/zone_names.h"

namespace rollcall::store {

Result<std::unique_ptr<InstanceStore>> InstanceStore::open(const std::filesystem::path& path,
                                                           const registry::ZoneDirectory& zones,
                                                           const HistoryLimits& history) {
  auto database = Database::open(path);
  if (!database) return std::unexpected(std::move(database.error()));
  try {
    return std::unique_ptr<InstanceStore>(new InstanceStore(std::move(*database), zones, history));
  } catch (const std::exception& exception) {
    // Its tables are not those of its version: somebody has changed them.
    return failure(Errc::start_up,
                   "the database " + path.string() + " has other tables than it should have: " + exception.what());
  }
}

InstanceStore::InstanceStore(std::unique_ptr<Database> database, const registry::ZoneDirectory& zones,
                             const HistoryLimits& history)
    : zones_(zones),
      database_(std::move(database)),
      writer_(std::make_unique<RollWriter>(database_->connection(), zones, history)),
      edits_(std::make_unique<EditReader>(database_->connection(), zones)) {}

InstanceStore::~InstanceStore() = default;

Result<void> InstanceStore::record(const registry::Transaction& transaction) {
  try {
    writer_->write(transaction);
  } catch (const std::exception& exception) {
    return std::unexpected(to_error(exception, "written"));
  }
  database_->checkpoint_when_due();
  if (!ignored_.is_empty()) forget_ignored(transaction);
  return {};
}

// What was wrong with them is overwritten.
void InstanceStore::forget_ignored(const registry::Transaction& transaction) {
  ZoneNames zones(zones_);
  const auto forget = [&](const registry::InstanceRef& key) {
    ignored_.remove(name_of_row(zones.text_of(key.service.zone), key.service.name, key.id));
  };
  for (const registry::InstanceRef& key : transaction.removed) forget(key);
  for (const registry::InstanceRecord* record : transaction.instances) forget(record->registration.key.ref());
}

Result<registry::Restored> InstanceStore::restore() {
  skipped_ = {};
  try {
    const std::int64_t last_edit = edits_->last();
    registry::Restored restored = read_roll(database_->connection(), zones_, skipped_);
    ignored_.replace(skipped_);
    forget_edits(last_edit);
    return restored;
  } catch (const std::exception& exception) {
    edits_->reset();
    return std::unexpected(to_error(exception, "read"));
  }
}

// They are in what was just read. Should somebody be writing now, they are read again later, and change nothing.
void InstanceStore::forget_edits(std::int64_t last) {
  if (last == 0) return;
  try {
    edits_->forget(last);
  } catch (const std::exception&) {
    edits_->reset();
  }
}

bool InstanceStore::is_edited() noexcept {
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
    return edits_->take(notes_max);
  } catch (const std::exception& exception) {
    Error error = to_error(exception, "read");
    edits_->reset();
    writer_->drop();
    return std::unexpected(std::move(error));
  }
}

Result<void> InstanceStore::end_edits() {
  try {
    writer_->release();
  } catch (const std::exception& exception) {
    return std::unexpected(to_error(exception, "written"));
  }
  database_->checkpoint_when_due();
  return {};
}

}  // namespace rollcall::store
