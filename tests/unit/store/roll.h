// What the tests of the store share: a directory that goes away, two zones, records, and a plain SQLite connection such
// as sqlite3 would have.
#pragma once

#include <array>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <optional>
#include <sqlite3.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/ports/ports.h"
#include "store/instance_store.h"

namespace rollcall::store {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rollcall-store-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] std::filesystem::path database() const { return path_ / "rollcall.db"; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline constexpr registry::ZoneId k_svc{0};
inline constexpr registry::ZoneId k_other{1};

// Names as somebody may have written them in the settings.
class TwoZones final : public registry::ZoneDirectory {
 public:
  [[nodiscard]] std::optional<registry::ZoneId> find(std::string_view name) const override {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name == "svc.internal" || name == "SVC.internal") return k_svc;
    if (name == "other.example") return k_other;
    return std::nullopt;
  }
  [[nodiscard]] std::string name_of(registry::ZoneId zone) const override {
    return zone == k_svc ? "SVC.internal" : "other.example";
  }
  [[nodiscard]] std::size_t apex_bytes_of(registry::ZoneId /*zone*/) const override { return 15; }
  [[nodiscard]] std::optional<registry::TakenName> find_taken(const registry::ServiceRef& /*service*/) const override {
    return std::nullopt;
  }
};

inline registry::WallTime wall(std::int64_t seconds) { return registry::WallTime(std::chrono::seconds(seconds)); }

inline registry::ServiceRecord service_record(std::string name, registry::ChangeIndex index = 1,
                                              registry::ZoneId zone = k_svc) {
  return {{zone, std::move(name)}, index, registry::to_set(registry::Protocol::tcp), std::nullopt};
}

inline registry::InstanceRecord instance_record(std::string service, std::string id, registry::ChangeIndex index = 1,
                                                registry::ZoneId zone = k_svc) {
  registry::InstanceRecord record;
  record.registration.key = {{zone, std::move(service)}, std::move(id)};
  record.registration.addresses = {*IpAddress::parse("192.0.2.1")};
  record.registration.port = 8080;
  record.registration.ttl = std::chrono::seconds(15);
  record.index = index;
  record.registered_at = wall(1'700'000'000);
  return record;
}

// As much meta as there may be, of one octet.
inline registry::Registration& fill_meta(registry::Registration& registration, char octet) {
  registration.meta.clear();
  for (char key = 'a'; key < 'f'; ++key) registration.meta.emplace_back(std::string(1, key), std::string(240, octet));
  return registration;
}

// A transaction and what it borrows.
class Batch {
 public:
  Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  Batch& service(registry::ServiceRecord record) {
    transaction_.services.push_back(std::move(record));
    return *this;
  }
  Batch& instance(registry::InstanceRecord record) {
    transaction_.index = std::max(transaction_.index, record.index);
    transaction_.instances.push_back(&instances_.emplace_back(std::move(record)));
    return *this;
  }
  Batch& remove(registry::InstanceKey key) {
    transaction_.removed.push_back(keys_.emplace_back(std::move(key)).ref());
    return *this;
  }
  Batch& forget(registry::ServiceKey key) {
    transaction_.forgotten.push_back(services_.emplace_back(std::move(key)).ref());
    return *this;
  }
  Batch& index(registry::ChangeIndex index) {
    transaction_.index = index;
    return *this;
  }
  [[nodiscard]] registry::Transaction& get() { return transaction_; }

 private:
  registry::Transaction transaction_;
  std::deque<registry::InstanceRecord> instances_;
  std::deque<registry::InstanceKey> keys_;
  std::deque<registry::ServiceKey> services_;
};

// Somebody else's connection, past any VFS a test has made the default.
class Plain {
 public:
  explicit Plain(const std::filesystem::path& path) {
    if (sqlite3_open_v2(path.c_str(), &connection_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix") != SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(connection_));
    }
  }
  ~Plain() { sqlite3_close(connection_); }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

  // Rows of columns separated by '|', as sqlite3 prints them. Throws SQLite's words.
  std::vector<std::string> query(const std::string& sql) {
    std::vector<std::string> rows;
    char* message = nullptr;
    const auto keep = [](void* to, int columns, char** values, char** /*names*/) {
      std::string row;
      for (int i = 0; i < columns; ++i) {
        if (i > 0) row += '|';
        if (values[i] != nullptr) row += values[i];
      }
      static_cast<std::vector<std::string>*>(to)->push_back(std::move(row));
      return 0;
    };
    if (sqlite3_exec(connection_, sql.c_str(), keep, &rows, &message) != SQLITE_OK) {
      const std::string words = message != nullptr ? message : "failed";
      sqlite3_free(message);
      throw std::runtime_error(words);
    }
    return rows;
  }
  std::string value(const std::string& sql) {
    const std::vector<std::string> rows = query(sql);
    return rows.empty() ? "" : rows.front();
  }

 private:
  sqlite3* connection_ = nullptr;
};

inline std::vector<std::string> ids(Plain& plain) { return plain.query("SELECT id FROM instance ORDER BY id"); }

}  // namespace rollcall::store
