// The n-th step of the disk fails while a database is made, for n = 0, 1, 2 … until it stands.
#include "catch.h"
#include "fault/store_faulty_vfs.h"
#include "store/instance_store.h"
#include "unit/store/roll.h"

namespace rollcall::store {

TEST_CASE("a disk that fails at any one step of the first start ends it with a sentence, and the next start works") {
  const Step step = GENERATE(Step::write, Step::sync, Step::lock, Step::read, Step::size, Step::index);
  CAPTURE(static_cast<int>(step));
  bool was_met = true;
  for (int n = 0; was_met; ++n) {
    CAPTURE(n);
    REQUIRE(n < 1'000);
    FaultyVfs disk;
    TemporaryDirectory directory;
    TwoZones zones;
    disk.fail_once(step, n, SQLITE_IOERR);
    {
      const auto store = InstanceStore::open(directory.database(), zones);
      was_met = disk.has_failed();
      if (!store) {
        CHECK(store.error().code == Errc::start_up);
        CHECK(store.error().message.starts_with("the database " + directory.database().string() + " "));
      }
    }
    disk.heal();
    const auto store = InstanceStore::open(directory.database(), zones);
    REQUIRE(store);
    REQUIRE((*store)->restore()->services.empty());
  }
}

TEST_CASE("a database another program holds exclusively ends the start with a sentence") {
  FaultyVfs disk;
  TemporaryDirectory directory;
  TwoZones zones;
  Plain other(directory.database());
  other.query("BEGIN EXCLUSIVE; CREATE TABLE half_made (x)");
  const auto store = InstanceStore::open(directory.database(), zones);
  REQUIRE_FALSE(store);
  REQUIRE(store.error().code == Errc::start_up);
  REQUIRE(store.error().message == "the database " + directory.database().string() + " is locked by another program");
  other.query("ROLLBACK");
  REQUIRE(InstanceStore::open(directory.database(), zones));
}

TEST_CASE("a database that cannot be read is a failure, not an empty roll") {
  FaultyVfs disk;
  TemporaryDirectory directory;
  TwoZones zones;
  auto store = std::move(*InstanceStore::open(directory.database(), zones));
  Batch batch;
  batch.service(service_record("web")).instance(instance_record("web", "a"));
  REQUIRE(store->record(batch.get()));
  Plain(directory.database()).query("UPDATE roll SET change_index = 2");  // makes the store read again
  disk.fail_once(Step::read, 0, SQLITE_IOERR_READ);
  const auto restored = store->restore();
  REQUIRE_FALSE(restored);
  REQUIRE(restored.error().code == Errc::store_failed);
  REQUIRE(restored.error().message ==
          "the database cannot be read: disk I/O error; look at its disk and the system's log");
  REQUIRE(store->restore()->instances.size() == 1);
}

}  // namespace rollcall::store
