#include "store/sqlite_storage.h"

#include <string>
#include <utility>

#include "store/database.h"
#include "store/edit_watch.h"
#include "store/history_reader.h"
#include "store/instance_store.h"
#include "store/key_store.h"
#include "store/schema.h"

namespace rollcall::store {
namespace {

class SqliteStorage final : public Storage {
 public:
  SqliteStorage(std::filesystem::path path, std::unique_ptr<InstanceStore> store,
                std::unique_ptr<HistoryReader> history)
      : path_(std::move(path)), store_(std::move(store)), keys_(store_->database()), history_(std::move(history)) {}

  [[nodiscard]] std::string name() const override { return path_.string(); }
  [[nodiscard]] registry::Journal& journal() override { return *store_; }
  [[nodiscard]] kv::Journal& keys() override { return keys_; }
  [[nodiscard]] int lock_descriptor() const override { return store_->database().lock_descriptor(); }
  [[nodiscard]] std::int64_t data_version() override {
    return store_->database().connection().execAndGet("PRAGMA data_version").getInt64();
  }
  [[nodiscard]] registry::StoredRoll& stored() override { return *store_; }
  [[nodiscard]] registry::Replica& replica() override { return *store_; }
  [[nodiscard]] registry::KeptSerials& serials() override { return *store_; }
  [[nodiscard]] registry::History& history() override { return *history_; }
  [[nodiscard]] const registry::IgnoredRows& ignored() const override { return store_->ignored(); }
  [[nodiscard]] std::unique_ptr<registry::OutsideEdits> watch_edits(registry::Writer& writer) override {
    return std::make_unique<EditWatch>(*store_, writer);
  }
  void close_history() override { history_->close(); }

 private:
  const std::filesystem::path path_;
  std::unique_ptr<InstanceStore> store_;
  KeyStore keys_;                           // its statements end before the store's connection
  std::unique_ptr<HistoryReader> history_;  // has its own connection, which must close before the store's
};

}  // namespace

Result<std::unique_ptr<Storage>> open_storage(const std::filesystem::path& path, const registry::ZoneDirectory& zones,
                                              const HistoryLimits& history, StorageMode mode,
                                              std::optional<DatabaseLock> shared_lock) {
  const bool is_shared = shared_lock.has_value();
  Result<std::unique_ptr<InstanceStore>> store =
      InstanceStore::open(path, zones, history, mode, std::move(shared_lock));
  if (!store) return std::unexpected(std::move(store.error()));
  if (is_shared) (*store)->write_later();
  Result<std::unique_ptr<HistoryReader>> reader = HistoryReader::open(path, zones, mode);
  if (!reader) return std::unexpected(std::move(reader.error()));
  return std::make_unique<SqliteStorage>(path, std::move(*store), std::move(*reader));
}

int known_schema() { return schema_version(); }

}  // namespace rollcall::store
