// Keys, sessions and prepared queries on the disk.
#include "store/key_store.h"

#include "catch.h"
#include "kv/query_definition.h"
#include "store/copy.h"
#include "store/database.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

using namespace std::chrono_literals;

const std::string k_id = "0b3c1b2a-1111-4222-8333-444455556666";

struct Disk {
  TemporaryDirectory directory;
  std::unique_ptr<Database> database;
  std::unique_ptr<KeyStore> keys;

  Disk() { open(); }
  ~Disk() { close(); }
  void open() {
    database = std::move(*Database::open(directory.database()));
    keys = std::make_unique<KeyStore>(*database);
  }
  void close() {
    keys.reset();
    database.reset();
  }
  kv::Stored reopened() {
    close();
    open();
    return keys->read().value();
  }
};

kv::EntryPtr entry(std::string key, std::string value, kv::Index index) {
  return std::make_shared<kv::Entry>(kv::Entry{.key = std::move(key),
                                               .value = std::move(value),
                                               .flags = 0,
                                               .create_index = index,
                                               .modify_index = index,
                                               .lock_index = 0,
                                               .session = ""});
}

template <class T>
kv::Replaced<T> added(std::shared_ptr<const T> value) {
  return {nullptr, value, value->modify_index};
}
template <class T>
kv::Replaced<T> removed(std::shared_ptr<const T> value, kv::Index index) {
  return {value, nullptr, index};
}

kv::SessionPtr session(kv::AtEnd at_end) {
  return std::make_shared<kv::Session>(kv::Session{.id = k_id,
                                                   .name = "n",
                                                   .node = "here",
                                                   .node_checks = {"serfHealth"},
                                                   .service_checks = {"a", "b \"quoted\""},
                                                   .ttl = 10s,
                                                   .lock_delay = 1500ms,
                                                   .at_end = at_end,
                                                   .create_index = 3,
                                                   .modify_index = 3});
}

TEST_CASE("a new database has no keys, and says that it has counted nothing") {
  Disk disk;
  const kv::Stored stored = disk.keys->read().value();
  CHECK(stored.index == 0);
  CHECK(stored.entries.empty());
  CHECK(stored.sessions.empty());
}

TEST_CASE("a key comes back as it was recorded, whatever its octets and its flags") {
  Disk disk;
  auto whole = std::make_shared<kv::Entry>(*entry("a/ü\"'", std::string("\0\xff\n", 3), 7));
  whole->flags = ~std::uint64_t{0} - 1;
  whole->lock_index = 4;
  whole->session = k_id;
  whole->modify_index = 9;
  REQUIRE(disk.keys->record({{added<kv::Entry>(whole), added<kv::Entry>(entry("empty", "", 8)),
                              added<kv::Session>(session(kv::AtEnd::remove))},
                             9}));
  const kv::Stored stored = disk.reopened();
  CHECK(stored.index == 9);
  REQUIRE(stored.entries.size() == 2);
  const kv::Entry& read = *stored.entries.front();
  CHECK(read.key == whole->key);
  CHECK(read.value == whole->value);
  CHECK(read.flags == whole->flags);
  CHECK(read.lock_index == 4);
  CHECK(read.session == k_id);
  CHECK(read.create_index == 7);
  CHECK(read.modify_index == 9);
  CHECK(stored.entries.back()->value.empty());
}

TEST_CASE("sessions, queries and lock delays come back, and leave") {
  Disk disk;
  auto query = std::make_shared<kv::Query>(kv::parse_definition(R"({"Name":"q","Service":{"Service":"web"}})").value());
  query->id = k_id;
  query->create_index = query->modify_index = 4;
  REQUIRE(disk.keys->record({{added<kv::Session>(session(kv::AtEnd::remove)), added<kv::Query>(query),
                              kv::LockDelay{"a", 15s}, kv::LockDelay{"b", 1s}, kv::LockDelay{"b", 0s}},
                             4}));
  const kv::Stored stored = disk.reopened();
  REQUIRE(stored.sessions.size() == 1);
  const kv::Session& read = *stored.sessions.front();
  CHECK(read.id == k_id);
  CHECK(read.name == "n");
  CHECK(read.node == "here");
  CHECK(read.node_checks == std::vector<std::string>{"serfHealth"});
  CHECK(read.service_checks == std::vector<std::string>{"a", "b \"quoted\""});
  CHECK(read.ttl == 10s);
  CHECK(read.lock_delay == 1500ms);
  CHECK(read.at_end == kv::AtEnd::remove);
  CHECK(read.create_index == 3);
  REQUIRE(stored.queries.size() == 1);
  CHECK(stored.queries.front().definition == query->definition);
  REQUIRE(stored.delays.size() == 1);
  CHECK(stored.delays.front().key == "a");
  CHECK(stored.delays.front().lasts == 15s);
  REQUIRE(disk.keys->record(
      {{removed<kv::Session>(stored.sessions.front(), 5), removed<kv::Query>(query, 5), kv::LockDelay{"a", 0s}}, 5}));
  const kv::Stored after = disk.reopened();
  CHECK(after.sessions.empty());
  CHECK(after.queries.empty());
  CHECK(after.delays.empty());
  CHECK(after.index == 5);
}

TEST_CASE("of several changes of one key in a batch the last counts") {
  Disk disk;
  const kv::EntryPtr first = entry("a", "1", 1);
  const kv::EntryPtr third = entry("a", "3", 3);
  REQUIRE(disk.keys->record(
      {{added<kv::Entry>(first), removed<kv::Entry>(first, 2), kv::Replaced<kv::Entry>{nullptr, third, 3}}, 3}));
  CHECK(disk.reopened().entries.front()->value == "3");
}

TEST_CASE("a batch that the disk refuses is not there, and the next one is") {
  Disk disk;
  REQUIRE(disk.keys->record({{added<kv::Entry>(entry("a", "1", 1))}, 1}));
  {
    Plain other(disk.directory.database());
    other.query("BEGIN IMMEDIATE");
    const Result<void> refused = disk.keys->record({{added<kv::Entry>(entry("b", "1", 2))}, 2});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::store_busy);
    other.query("ROLLBACK");
  }
  REQUIRE(disk.keys->record({{added<kv::Entry>(entry("c", "1", 3))}, 3}));
  const kv::Stored stored = disk.reopened();
  REQUIRE(stored.entries.size() == 2);
  CHECK(stored.entries.back()->key == "c");
}

TEST_CASE("a key whose session was deleted by hand is held by nobody") {
  Disk disk;
  auto held = std::make_shared<kv::Entry>(*entry("a", "1", 1));
  held->session = k_id;
  REQUIRE(disk.keys->record({{added<kv::Entry>(held)}, 1}));
  CHECK(disk.reopened().entries.front()->session.empty());
}

TEST_CASE("a back-up has the keys, and a restored database counts on from where the other was") {
  Disk disk;
  REQUIRE(disk.keys->record({{added<kv::Entry>(entry("a", "1", 41))}, 41}));
  const std::filesystem::path file = disk.directory.path() / "back-up.db";
  REQUIRE(back_up(disk.directory.database(), file));
  REQUIRE(disk.keys->record({{added<kv::Entry>(entry("b", "1", 50))}, 50}));
  disk.close();
  REQUIRE(restore_from(file, disk.directory.database()));
  disk.open();
  const kv::Stored stored = disk.keys->read().value();
  REQUIRE(stored.entries.size() == 1);
  CHECK(stored.entries.front()->key == "a");
  CHECK(stored.index == 50);
}

}  // namespace
}  // namespace rollcall::store
