#include "store/instance_store.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <optional>
#include <pthread.h>
#include <thread>
#include <utility>

#include "base/handoff.h"
#include "store/database.h"
#include "store/edit_reader.h"
#include "store/roll_reader.h"
#include "store/roll_writer.h"
#include "store/sqlite_error.h"
#include "store/zone_names.h"
#include "store/zone_serials.h"

namespace rollcall::store {
namespace {

constexpr std::size_t k_parts_ahead = 4;  // read and not yet taken, at a start

}  // namespace

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

Result<void> InstanceStore::restore(const std::function<void(registry::Restored)>& take) {
  skipped_ = {};
  Handoff<registry::Restored> parts(k_parts_ahead);
  std::exception_ptr failed;
  std::int64_t last_edit = 0;
  {
    const std::jthread reading([&] {
      pthread_setname_np(pthread_self(), "restore");
      try {
        last_edit = edits_->last();
        read_roll(database_->connection(), zones_, skipped_,
                  [&](registry::Restored part) { static_cast<void>(parts.put(std::move(part))); });
      } catch (...) {
        failed = std::current_exception();
      }
      parts.close();
    });
    try {
      while (std::optional<registry::Restored> part = parts.take()) take(std::move(*part));
    } catch (...) {
      parts.close();  // or the reader would wait for us, and we for it
      throw;
    }
  }
  try {
    if (failed) std::rethrow_exception(failed);
  } catch (const std::exception& exception) {
    edits_->reset();
    return std::unexpected(to_error(exception, "read"));
  }
  ignored_.replace(skipped_);
  forget_edits(last_edit);
  return {};
}

Result<registry::Restored> InstanceStore::restore() {
  registry::Restored whole;
  const Result<void> restored = restore([&](registry::Restored part) {
    whole.index = part.index;
    whole.last_event = part.last_event;
    std::ranges::move(part.services, std::back_inserter(whole.services));
    std::ranges::move(part.instances, std::back_inserter(whole.instances));
  });
  if (!restored) return std::unexpected(restored.error());
  return whole;
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
