#include "store/instance_store.h"

#include <utility>

#include "store/database.h"
#include "store/roll_reader.h"
#include "store/roll_writer.h"
#include "store/sqlite_error.h"

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
      writer_(std::make_unique<RollWriter>(database_->connection(), zones, history)) {}

InstanceStore::~InstanceStore() = default;

Result<void> InstanceStore::record(const registry::Transaction& transaction) {
  try {
    writer_->write(transaction);
  } catch (const std::exception& exception) {
    return std::unexpected(to_error(exception, "written"));
  }
  database_->checkpoint_when_due();
  return {};
}

Result<registry::Restored> InstanceStore::restore() {
  skipped_ = {};
  try {
    return read_roll(database_->connection(), zones_, skipped_);
  } catch (const std::exception& exception) {
    return std::unexpected(to_error(exception, "read"));
  }
}

}  // namespace rollcall::store
