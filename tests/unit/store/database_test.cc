#include "store/database.h"

#include <SQLiteCpp/Statement.h>
#include <fstream>

#include "catch.h"
#include "store/schema.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

// The sentence a start ends with.
std::string refusal(const std::filesystem::path& path) {
  const auto database = Database::open(path);
  if (database) return "opened";
  REQUIRE(database.error().code == Errc::start_up);
  return database.error().message;
}

std::string pragma(Database& database, const std::string& name) {
  return database.connection().execAndGet("PRAGMA " + name).getString();
}

std::uintmax_t wal_bytes(const TemporaryDirectory& directory) {
  std::error_code absent;
  const auto size = std::filesystem::file_size(directory.database().string() + "-wal", absent);
  return absent ? 0 : size;
}

}  // namespace

TEST_CASE("a new database is ours, durable, and open to readers") {
  TemporaryDirectory directory;
  const auto database = Database::open(directory.database());
  REQUIRE(database);
  REQUIRE(pragma(**database, "application_id") == std::to_string(k_application_id));
  REQUIRE(pragma(**database, "user_version") == std::to_string(schema_version()));
  REQUIRE(pragma(**database, "journal_mode") == "wal");
  REQUIRE(pragma(**database, "synchronous") == "2");
  REQUIRE(pragma(**database, "busy_timeout") == "250");
}

TEST_CASE("an empty file is a new database") {
  TemporaryDirectory directory;
  std::ofstream(directory.database()).flush();
  REQUIRE(refusal(directory.database()) == "opened");
}

TEST_CASE("a database is used by one rollcalld at a time") {
  TemporaryDirectory directory;
  auto first = Database::open(directory.database());
  REQUIRE(first);
  REQUIRE(refusal(directory.database()) ==
          "the database " + directory.database().string() + " is in use by another rollcalld");
  Plain plain(directory.database());
  REQUIRE(plain.value("SELECT count(*) FROM instance") == "0");
  first->reset();
  REQUIRE(refusal(directory.database()) == "opened");
}

TEST_CASE("a database that cannot be opened is refused with the reason") {
  TemporaryDirectory directory;
  const std::filesystem::path nowhere = directory.path() / "missing" / "rollcall.db";
  REQUIRE(refusal(nowhere) ==
          "cannot open the database " + nowhere.string() +
              ": No such file or directory; make its directory, or name another file with --db or store.path");
  REQUIRE(refusal(directory.path()) == "cannot open the database " + directory.path().string() + ": Is a directory");
  REQUIRE(refusal("/dev/null") == "cannot open the database /dev/null: it is not a regular file");
}

TEST_CASE("a file that is not a SQLite database is refused and not touched") {
  TemporaryDirectory directory;
  const std::string text(5000, '#');
  std::ofstream(directory.database()) << text;
  REQUIRE(refusal(directory.database()) == "the database " + directory.database().string() +
                                               " is not a SQLite database: name another file with --db or store.path");
  std::string after;
  std::getline(std::ifstream(directory.database()), after);
  REQUIRE(after == text);
}

TEST_CASE("a damaged database is refused with the way to a whole one") {
  TemporaryDirectory directory;
  REQUIRE(Database::open(directory.database()));
  std::filesystem::resize_file(directory.database(), 9'000);
  REQUIRE(refusal(directory.database()) == "the database " + directory.database().string() +
                                               " is damaged: put a back-up in its place with rollcalld --restore FILE");
}

TEST_CASE("another program's database is refused and not touched") {
  TemporaryDirectory directory;
  const std::string mark =
      GENERATE("CREATE TABLE theirs (x)", "PRAGMA application_id = 252006674", "PRAGMA user_version = 3");
  CAPTURE(mark);
  Plain(directory.database()).query(mark);
  REQUIRE(refusal(directory.database()) ==
          "the database " + directory.database().string() + " belongs to another program");
  REQUIRE(Plain(directory.database()).value("PRAGMA journal_mode") == "delete");
}

TEST_CASE("a database with a newer schema is refused, and both versions are named") {
  TemporaryDirectory directory;
  REQUIRE(Database::open(directory.database()));
  const std::string newer = std::to_string(schema_version() + 1);
  Plain(directory.database()).query("PRAGMA user_version = " + newer);
  REQUIRE(refusal(directory.database()) == "the database " + directory.database().string() + " has schema version " +
                                               newer + ", and this rollcalld knows versions up to " +
                                               std::to_string(schema_version()) + ": use a newer rollcalld");
}

TEST_CASE("a database of the first version comes up to date with all it holds") {
  TemporaryDirectory directory;
  Plain plain(directory.database());
  plain.query(schema_steps()[0]);
  plain.query(
      "PRAGMA user_version = 1;"
      "UPDATE roll SET change_index = 41;"
      "INSERT INTO service (zone, name, protocols, change_index) VALUES ('svc.internal', 'web', 'tcp', 40);"
      "INSERT INTO instance (zone, service, id, addresses, port, status, registered_at_ms, change_index)"
      " VALUES ('svc.internal', 'web', 'a', '[\"192.0.2.1\"]', 80, 'draining', 1700000000000, 41),"
      "        ('svc.internal', 'db', 'by-hand', '[\"192.0.2.2\"]', 81, 'ready', 1700000000000, 0)");
  TwoZones zones;
  const auto store = InstanceStore::open(directory.database(), zones);
  REQUIRE(store);
  const registry::Restored restored = std::move(*(*store)->restore());
  REQUIRE(restored.index == 41);
  REQUIRE(restored.services.size() == 2);
  REQUIRE(restored.instances.size() == 2);
  const registry::InstanceRecord& record = restored.instances[1];
  REQUIRE(record.standing.status() == registry::Status::draining);
  REQUIRE(record.standing.since == wall(1'700'000'000));
  REQUIRE(plain.value("PRAGMA user_version") == std::to_string(schema_version()));
  REQUIRE(plain.query("PRAGMA foreign_key_check").empty());
}

TEST_CASE("a database whose tables were changed is refused") {
  TemporaryDirectory directory;
  TwoZones zones;
  REQUIRE(InstanceStore::open(directory.database(), zones));
  Plain(directory.database()).query("ALTER TABLE instance RENAME COLUMN port TO gate");
  const auto store = InstanceStore::open(directory.database(), zones);
  REQUIRE_FALSE(store);
  REQUIRE(store.error().code == Errc::start_up);
  REQUIRE(store.error().message.contains("has other tables than it should have"));
}

TEST_CASE("a path that looks like a URI is a path") {
  TemporaryDirectory directory;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  const std::string name = GENERATE("file:rollcall.db?mode=memory", ":memory:");
  const std::string outcome = refusal(name);
  std::filesystem::current_path(before);
  REQUIRE(outcome == "opened");
  REQUIRE(std::filesystem::exists(directory.path() / name));
}

TEST_CASE("what was committed before a crash is there after it") {
  TemporaryDirectory directory;
  TemporaryDirectory after_crash;
  TwoZones zones;
  auto store = InstanceStore::open(directory.database(), zones);
  Batch batch;
  batch.service(service_record("web")).instance(instance_record("web", "a"));
  REQUIRE((*store)->record(batch.get()));
  // A copy of the two files is what a crash leaves.
  std::filesystem::copy_file(directory.database(), after_crash.database());
  std::filesystem::copy_file(directory.database().string() + "-wal", after_crash.database().string() + "-wal");
  auto revived = InstanceStore::open(after_crash.database(), zones);
  REQUIRE(revived);
  REQUIRE((*revived)->restore()->instances.size() == 1);
}

TEST_CASE("a clean close leaves one file") {
  TemporaryDirectory directory;
  TwoZones zones;
  auto store = std::move(*InstanceStore::open(directory.database(), zones));
  REQUIRE(store->record(Batch().service(service_record("web")).get()));
  REQUIRE(wal_bytes(directory) > 0);
  store.reset();
  const std::filesystem::directory_iterator files(directory.path());
  REQUIRE(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("a clean close empties the write-ahead log even while somebody has the database open") {
  TemporaryDirectory directory;
  TwoZones zones;
  auto store = std::move(*InstanceStore::open(directory.database(), zones));
  Plain plain(directory.database());
  REQUIRE(store->record(Batch().service(service_record("web")).get()));
  REQUIRE(plain.value("SELECT name FROM service") == "web");
  store.reset();
  REQUIRE(wal_bytes(directory) == 0);
  REQUIRE(plain.value("SELECT name FROM service") == "web");
}

TEST_CASE("the write-ahead log stays within a few checkpoints, however much is written") {
  TemporaryDirectory directory;
  TwoZones zones;
  auto store = std::move(*InstanceStore::open(directory.database(), zones));
  std::uintmax_t most = 0;
  for (int round = 0; round < 30; ++round) {
    Batch batch;
    batch.service(service_record("web", static_cast<registry::ChangeIndex>(round) + 1));
    for (int i = 0; i < 400; ++i) {
      registry::InstanceRecord record = instance_record("web", "i-" + std::to_string(i));
      fill_meta(record.registration, static_cast<char>('a' + round % 26));
      batch.instance(std::move(record));
    }
    REQUIRE(store->record(batch.get()));
    most = std::max(most, wal_bytes(directory));
  }
  REQUIRE(most > 4096U * k_checkpoint_pages);
  REQUIRE(most < 4096U * k_checkpoint_pages * 3);
}

TEST_CASE("a reader that keeps its transaction open delays the checkpoint, and fails nobody") {
  TemporaryDirectory directory;
  TwoZones zones;
  auto store = std::move(*InstanceStore::open(directory.database(), zones));
  Plain reader(directory.database());
  reader.query("BEGIN");
  REQUIRE(reader.value("SELECT count(*) FROM instance") == "0");
  const auto write_much = [&](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      Batch batch;
      batch.service(service_record("web"));
      for (int i = 0; i < 400; ++i) {
        registry::InstanceRecord record = instance_record("web", "i-" + std::to_string(i));
        fill_meta(record.registration, static_cast<char>('a' + round % 26));
        batch.instance(std::move(record));
      }
      REQUIRE(store->record(batch.get()));
    }
  };
  write_much(20);
  REQUIRE(wal_bytes(directory) > 4096U * k_checkpoint_pages * 2);
  REQUIRE(reader.value("SELECT count(*) FROM instance") == "0");
  reader.query("COMMIT");
  REQUIRE(reader.value("SELECT count(*) FROM instance") == "400");
  write_much(20);
  REQUIRE(wal_bytes(directory) <= 4096U * k_checkpoint_pages * 4);
}

}  // namespace rollcall::store
