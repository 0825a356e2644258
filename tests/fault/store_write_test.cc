// The n-th step of the disk fails while a transaction is written, for n = 0, 1, 2 … until one gets through.
#include <algorithm>

#include "catch.h"
#include "fault/store_faulty_vfs.h"
#include "store/database.h"
#include "store/instance_store.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

struct Fault {
  Step step;
  int code;
  Errc seen_as;
};

constexpr Fault k_faults[] = {
    {Step::write, SQLITE_IOERR_WRITE, Errc::store_failed}, {Step::write, SQLITE_FULL, Errc::store_failed},
    {Step::sync, SQLITE_IOERR_FSYNC, Errc::store_failed},  {Step::lock, SQLITE_IOERR_LOCK, Errc::store_failed},
    {Step::read, SQLITE_IOERR_READ, Errc::store_failed},   {Step::read, SQLITE_CORRUPT, Errc::store_failed},
    {Step::size, SQLITE_IOERR_FSTAT, Errc::store_failed},  {Step::index, SQLITE_IOERR_SHMMAP, Errc::store_failed},
    {Step::write, SQLITE_NOMEM, Errc::store_failed},
};

// A store with one instance, `first`, and a transaction that takes it away and brings twenty big ones.
struct Written {
  FaultyVfs disk;
  TemporaryDirectory directory;
  TwoZones zones;
  std::unique_ptr<InstanceStore> store;
  Batch next;

  Written() {
    auto opened = InstanceStore::open(directory.database(), zones);
    if (!opened) throw std::runtime_error(opened.error().message);
    store = std::move(*opened);
    Batch first;
    first.service(service_record("web")).instance(instance_record("web", "first"));
    if (!store->record(first.get())) throw std::runtime_error("the first transaction failed");

    next.remove({{k_svc, "web"}, "first"}).service(service_record("web", 2));
    for (int i = 0; i < 20; ++i) {
      registry::InstanceRecord record = instance_record("web", "next-" + std::to_string(i), 2);
      fill_meta(record.registration, 'm');
      next.instance(std::move(record));
    }
  }

  // Somebody else writes, so that what the store has in memory is out of date and it has to read.
  void be_edited() const { Plain(directory.database()).query("UPDATE roll SET change_index = change_index"); }

  // As another program sees it: all of the old, or all of the new.
  [[nodiscard]] std::string seen() const {
    Plain plain(directory.database());
    const std::string index = plain.value("SELECT change_index FROM roll");
    const std::vector<std::string> found = ids(plain);
    if (found == std::vector<std::string>{"first"} && index == "1") return "old";
    return found.size() == 20 && index == "2" && found.front() == "next-0" ? "new" : "half";
  }
};

// Returns whether the fault was met at all.
bool meet_fault(const Fault& fault, int n) {
  Written written;
  written.be_edited();
  written.disk.fail_once(fault.step, n, fault.code);
  const auto recorded = written.store->record(written.next.get());
  const bool was_met = written.disk.has_failed();
  written.disk.heal();
  if (!recorded) {
    CHECK(recorded.error().code == fault.seen_as);
    CHECK(written.seen() == "old");
    const auto again = written.store->record(written.next.get());
    CHECK((again ? "" : again.error().message) == "");
  }
  CHECK(written.seen() == "new");
  written.store.reset();
  auto reopened = InstanceStore::open(written.directory.database(), written.zones);
  REQUIRE(reopened);
  CHECK((*reopened)->restore()->instances.size() == 20);
  return was_met;
}

}  // namespace

TEST_CASE("a disk that fails at any one step leaves nothing half done, and the next transaction gets through") {
  int met = 0;
  for (const Fault& fault : k_faults) {
    CAPTURE(static_cast<int>(fault.step), fault.code);
    int n = 0;
    while (meet_fault(fault, n)) {
      ++n;
      CAPTURE(n);
      REQUIRE(n < 1'000);
    }
    met += n;
  }
  CHECK(met > 30);
}

TEST_CASE("a disk that is full stays full for a while, and the store works again when there is room") {
  const int n = GENERATE(0, 1, 2, 5, 9);
  CAPTURE(n);
  Written written;
  written.disk.fail_from(Step::write, n, SQLITE_FULL);
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto recorded = written.store->record(written.next.get());
    REQUIRE_FALSE(recorded);
    REQUIRE(recorded.error().code == Errc::store_failed);
    REQUIRE(recorded.error().message ==
            "the database cannot be written: database or disk is full; free space on its disk");
    REQUIRE(written.seen() == "old");
    REQUIRE(written.store->restore()->instances.size() == 1);
  }
  written.disk.heal();
  REQUIRE(written.store->record(written.next.get()));
  REQUIRE(written.seen() == "new");
}

TEST_CASE("a disk that does not sync makes no promise") {
  Written written;
  written.disk.fail_from(Step::sync, 0, SQLITE_IOERR_FSYNC);
  REQUIRE_FALSE(written.store->record(written.next.get()));
  REQUIRE_FALSE(written.store->record(written.next.get()));
  REQUIRE(written.seen() == "old");
  written.disk.heal();
  REQUIRE(written.store->record(written.next.get()));
  REQUIRE(written.seen() == "new");
}

TEST_CASE("a database another program has locked is busy after the time we wait for it, and works when it lets go") {
  Written written;
  Plain other(written.directory.database());
  other.query("BEGIN IMMEDIATE");
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto recorded = written.store->record(written.next.get());
    REQUIRE_FALSE(recorded);
    REQUIRE(recorded.error().code == Errc::store_busy);
    REQUIRE(written.disk.waited() > std::chrono::microseconds(0));
    REQUIRE(written.disk.waited() <= attempt * k_busy_wait);
    REQUIRE(written.seen() == "old");
    REQUIRE(written.store->restore()->instances.size() == 1);
  }
  other.query("ROLLBACK");
  REQUIRE(written.store->record(written.next.get()));
  REQUIRE(written.seen() == "new");
}

TEST_CASE("while a transaction is written, others read the state before it") {
  Written written;
  Plain other(written.directory.database());
  std::vector<std::string> seen;
  written.disk.on_write = [&](std::string_view /*file*/) { seen.push_back(written.seen()); };
  REQUIRE(written.store->record(written.next.get()));
  written.disk.on_write = nullptr;
  REQUIRE(seen.size() > 10);
  REQUIRE(std::ranges::count(seen, "old") == std::ssize(seen));
  REQUIRE(written.seen() == "new");
}

TEST_CASE("a checkpoint that fails costs no transaction, and the log is folded in when it works again") {
  Written written;
  written.disk.only_files_ending(".db");
  written.disk.fail_from(Step::write, 0, SQLITE_IOERR_WRITE);
  const auto write_much = [&](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      Batch batch;
      batch.service(service_record("web", 3));
      for (int i = 0; i < 400; ++i) {
        registry::InstanceRecord record = instance_record("web", "i-" + std::to_string(i), 3);
        fill_meta(record.registration, static_cast<char>('a' + round % 26));
        batch.instance(std::move(record));
      }
      REQUIRE(written.store->record(batch.get()));
    }
  };
  write_much(20);
  REQUIRE(written.disk.has_failed());
  written.disk.heal();
  write_much(20);
  const auto wal = std::filesystem::file_size(written.directory.database().string() + "-wal");
  REQUIRE(wal <= 4096U * k_checkpoint_pages * 4);
  REQUIRE(written.store->restore()->instances.size() == 401);
}

}  // namespace rollcall::store
