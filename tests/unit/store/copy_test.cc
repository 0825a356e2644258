// Back-up and restore.
#include "store/copy.h"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "store/instance_store.h"
#include "store/schema.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

std::filesystem::path beside(const std::filesystem::path& path, const char* suffix) {
  std::filesystem::path longer = path;
  longer += suffix;
  return longer;
}

struct Place {
  TemporaryDirectory directory;
  TwoZones zones;
  std::filesystem::path database = directory.database();
  std::filesystem::path file = directory.path() / "back-up.db";

  std::unique_ptr<InstanceStore> open() { return std::move(*InstanceStore::open(database, zones)); }
  // A stored instance of the service web, as change number `index`.
  void record(InstanceStore& store, std::string id, registry::ChangeIndex index) {
    Batch batch;
    batch.service(service_record("web", index)).instance(instance_record("web", std::move(id), index));
    if (!store.record(batch.get())) throw std::runtime_error("not recorded");
  }
  void fill(std::string id, registry::ChangeIndex index) { record(*open(), std::move(id), index); }
  [[nodiscard]] std::size_t files() const {
    const std::filesystem::directory_iterator entries(directory.path());
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }
};

// For as long as it is there the file system has no hard links, as FAT has none (link(2): EPERM).
struct NoHardLinks {
  NoHardLinks() { are_missing = true; }
  ~NoHardLinks() { are_missing = false; }
  NoHardLinks(const NoHardLinks&) = delete;
  NoHardLinks& operator=(const NoHardLinks&) = delete;
  static inline bool are_missing = false;
};

std::string refusal(const Result<Copied>& copied) {
  REQUIRE_FALSE(copied);
  REQUIRE(copied.error().code == Errc::start_up);
  return copied.error().message;
}

}  // namespace
}  // namespace rollcall::store

// In the place of the C library's, for this program: std::filesystem calls it.
extern "C" int link(const char* from, const char* to) noexcept {
  if (!rollcall::store::NoHardLinks::are_missing) return ::linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
  errno = EPERM;
  return -1;
}

namespace rollcall::store {

TEST_CASE("a back-up is one file with everything that was committed, while a server writes") {
  Place place;
  const auto store = place.open();
  place.record(*store, "a", 7);
  const Result<Copied> copied = back_up(place.database, place.file);
  REQUIRE(copied);
  REQUIRE(copied->instances == 1);
  REQUIRE(copied->services == 1);
  REQUIRE(copied->bytes == std::filesystem::file_size(place.file));
  place.record(*store, "b", 8);

  Plain plain(place.file);
  REQUIRE(ids(plain) == std::vector<std::string>{"a"});
  REQUIRE(plain.value("SELECT change_index FROM roll") == "7");
  REQUIRE(plain.value("PRAGMA application_id") == std::to_string(k_application_id));
  REQUIRE(plain.value("PRAGMA user_version") == std::to_string(schema_version()));
  REQUIRE(plain.value("PRAGMA journal_mode") == "delete");
  REQUIRE(plain.value("PRAGMA integrity_check") == "ok");
}

mode_t mode_of(const std::filesystem::path& file) {
  struct stat status{};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

TEST_CASE("a database and a back-up are for their user alone, also where others may read the database") {
  Place place;
  place.fill("a", 1);
  REQUIRE(mode_of(place.database) == 0600U);
  REQUIRE(::chmod(place.database.c_str(), 0644) == 0);
  REQUIRE(back_up(place.database, place.file));
  REQUIRE(mode_of(place.file) == 0600U);
}

TEST_CASE("a restored database is for its user alone; one that was there keeps its permissions") {
  Place place;
  place.fill("a", 1);
  REQUIRE(back_up(place.database, place.file));
  REQUIRE(::chmod(place.file.c_str(), 0644) == 0);
  const std::filesystem::path fresh = place.directory.path() / "fresh.db";
  REQUIRE(restore_from(place.file, fresh));
  REQUIRE(mode_of(fresh) == 0600U);
  REQUIRE(::chmod(place.database.c_str(), 0640) == 0);
  REQUIRE(restore_from(place.file, place.database));
  REQUIRE(mode_of(place.database) == 0640U);
}

TEST_CASE("a back-up overwrites nothing, and leaves nothing behind when it fails") {
  Place place;
  place.fill("a", 1);
  std::ofstream(place.file) << "a letter";
  REQUIRE(refusal(back_up(place.database, place.file)) ==
          "nothing is backed up: " + place.file.string() + " is there already: choose another name");
  REQUIRE(std::filesystem::file_size(place.file) == 8);
  REQUIRE(refusal(back_up(place.directory.path() / "none.db", place.directory.path() / "x")) ==
          "nothing is backed up: there is no file " + (place.directory.path() / "none.db").string());
  REQUIRE(refusal(back_up(place.file, place.directory.path() / "x")).contains("file is not a database"));
  REQUIRE(refusal(back_up(place.database, place.directory.path() / "no" / "x")).contains("No such file or directory"));
  REQUIRE(place.files() == 2);
}

TEST_CASE("what a killed back-up has left behind does not stand in the way") {
  Place place;
  place.fill("a", 1);
  std::ofstream(beside(place.file, ".partial")) << std::string(5000, '#');
  REQUIRE(back_up(place.database, place.file));
  REQUIRE(place.files() == 2);
}

TEST_CASE("a restored database holds what was backed up, and counts on from where the other was") {
  Place place;
  place.fill("a", 7);
  REQUIRE(back_up(place.database, place.file));
  place.fill("b", 12);
  const Result<Copied> copied = restore_from(place.file, place.database);
  REQUIRE(copied);
  REQUIRE(copied->instances == 1);
  REQUIRE(copied->kept == beside(place.database, ".bak"));
  REQUIRE(place.files() == 3);
  const registry::Restored restored = std::move(*place.open()->restore());
  REQUIRE(restored.instances.size() == 1);
  REQUIRE(restored.instances[0].registration.key.id == "a");
  REQUIRE(restored.index == 12);
  Plain before(copied->kept);
  REQUIRE(ids(before) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a second restore keeps the database of before it") {
  Place place;
  place.fill("a", 7);
  REQUIRE(back_up(place.database, place.file));
  REQUIRE(restore_from(place.file, place.database));
  place.fill("c", 9);
  REQUIRE(restore_from(place.file, place.database));
  Plain before(beside(place.database, ".bak"));
  REQUIRE(ids(before) == std::vector<std::string>{"a", "c"});
}

TEST_CASE("a back-up of an older version is restored in the present one") {
  Place place;
  {
    Plain old(place.file);
    old.query(schema_steps()[0]);
    old.query("PRAGMA user_version = 1; UPDATE roll SET change_index = 3");
  }
  const Result<Copied> copied = restore_from(place.file, place.database);
  REQUIRE(copied);
  REQUIRE(copied->kept.empty());
  REQUIRE(Plain(place.database).value("PRAGMA user_version") == std::to_string(schema_version()));
  REQUIRE(place.files() == 2);
}

TEST_CASE("nothing is restored under a running server, or under anybody who has the database open") {
  Place place;
  place.fill("a", 7);
  REQUIRE(back_up(place.database, place.file));
  {
    const auto store = place.open();
    REQUIRE(refusal(restore_from(place.file, place.database)).contains("is in use by another rollcalld"));
  }
  {
    Plain plain(place.database);
    REQUIRE(ids(plain) == std::vector<std::string>{"a"});
    REQUIRE(refusal(restore_from(place.file, place.database)).contains("is open in another program: close it first"));
  }
  REQUIRE(restore_from(place.file, place.database));
}

TEST_CASE("what is no whole back-up of ours is not restored, and the database stays") {
  Place place;
  place.fill("a", 7);
  REQUIRE(back_up(place.database, place.file));
  const auto size = std::filesystem::file_size(place.file);
  SECTION("another program's") {
    Plain(place.file).query("PRAGMA application_id = 1");
    REQUIRE(refusal(restore_from(place.file, place.database)).contains("is no database of rollcalld"));
  }
  SECTION("a newer one") {
    Plain(place.file).query("PRAGMA user_version = 99");
    REQUIRE(refusal(restore_from(place.file, place.database)).contains("has schema version 99"));
  }
  SECTION("a damaged one") {
    std::fstream damage(place.file, std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(static_cast<std::streamoff>(4096 + 8));
    damage << std::string(4000, '#');
    damage.close();
    REQUIRE(refusal(restore_from(place.file, place.database)).contains("nothing is restored: "));
  }
  SECTION("half of one") {
    std::filesystem::resize_file(place.file, size / 2);
    REQUIRE(refusal(restore_from(place.file, place.database)).contains("nothing is restored: "));
  }
  SECTION("the database itself") {
    REQUIRE(refusal(restore_from(place.database, place.database)).contains("is the database itself"));
  }
  REQUIRE(place.files() == 2);
  REQUIRE(place.open()->restore()->instances.size() == 1);
}

TEST_CASE("a damaged database is replaced by its back-up, and kept") {
  Place place;
  place.fill("a", 7);
  REQUIRE(back_up(place.database, place.file));
  std::ofstream(place.database, std::ios::trunc) << std::string(9000, '#');
  REQUIRE(restore_from(place.file, place.database));
  REQUIRE(place.open()->restore()->instances.size() == 1);
  REQUIRE(std::filesystem::file_size(beside(place.database, ".bak")) == 9000);
}

TEST_CASE("a restore where no second name can be given keeps a copy of the old database, with its log") {
  Place place;
  place.fill("a", 7);
  REQUIRE(back_up(place.database, place.file));
  const auto bytes = std::filesystem::file_size(place.database);
  // A database that cannot be opened, so that its log cannot be folded into it.
  std::ofstream(beside(place.database, "-wal"), std::ios::binary) << "the log";
  std::filesystem::create_directory(beside(place.database, "-shm"));
  const NoHardLinks none;
  REQUIRE(restore_from(place.file, place.database));
  CHECK(std::filesystem::file_size(beside(place.database, ".bak")) == bytes);
  CHECK(std::filesystem::file_size(beside(place.database, ".bak-wal")) == 7);
  CHECK_FALSE(std::filesystem::exists(beside(place.database, "-wal")));
}

TEST_CASE("another program's database is not replaced") {
  Place place;
  place.fill("a", 7);
  REQUIRE(back_up(place.database, place.file));
  const std::filesystem::path theirs = place.directory.path() / "theirs.db";
  Plain(theirs).query("CREATE TABLE theirs (x)");
  REQUIRE(refusal(restore_from(place.file, theirs)).contains("belongs to another program"));
  REQUIRE(Plain(theirs).query("SELECT * FROM theirs").empty());
}

}  // namespace rollcall::store
