#include "store/sqlite_storage.h"

#include <string>
#include <utility>

#include "store/edit_watch.h"
#include "store/history_reader.h"
#include "store/instance_store.h"
#include "store/key_store.h"

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
                                              const HistoryLimits& history, StorageMode mode) {
  Result<std::unique_ptr<InstanceStore>> store = InstanceStore::open(path, zones, history, mode);
  if (!store) return std::unexpected(std::move(store.error()));
  Result<std::unique_ptr<HistoryReader>> reader = HistoryReader::open(path, zones, mode);
  if (!reader) return std::unexpected(std::move(reader.error()));
  return std::make_unique<SqliteStorage>(path, std::move(*store), std::move(*reader));
}

}  // namespace rollcall::store
