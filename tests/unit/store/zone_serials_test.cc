// How far the serials of the zones have come, over restarts, restores, and people with sqlite3.
#include "store/zone_serials.h"

#include "catch.h"
#include "store/copy.h"
#include "store/schema.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

using registry::KeptSerial;
using Kept = std::vector<KeptSerial>;

struct Place {
  TemporaryDirectory directory;
  TwoZones zones;
  [[nodiscard]] std::unique_ptr<InstanceStore> open() const {
    return std::move(*InstanceStore::open(directory.database(), zones));
  }
  [[nodiscard]] Kept kept() const { return open()->kept_serials().value(); }
};

}  // namespace

TEST_CASE("serials are there again after a restart") {
  const Place place;
  CHECK(place.kept().empty());
  REQUIRE(place.open()->keep_serials(Kept{{k_svc, 7}, {k_other, 4'000'000'000}}));
  CHECK(place.kept() == Kept{{k_other, 4'000'000'000}, {k_svc, 7}});
  REQUIRE(place.open()->keep_serials(Kept{{k_svc, 70'000}}));
  CHECK(place.kept() == Kept{{k_other, 4'000'000'000}, {k_svc, 70'000}});
}

TEST_CASE("a database of a version that kept no serials is opened, and keeps them from now on") {
  const Place place;
  {
    Plain plain(place.directory.database());
    for (int version = 0; version < 3; ++version) plain.query(schema_steps()[static_cast<std::size_t>(version)]);
    plain.query("PRAGMA user_version = 3");
  }
  CHECK(place.kept().empty());
  CHECK(place.open()->keep_serials(Kept{{k_svc, 7}}));
}

TEST_CASE("a serial that is none, and one of a zone nobody serves, is left where it is") {
  const Place place;
  static_cast<void>(place.open());
  Plain(place.directory.database())
      .query(
          "INSERT INTO zone_serial VALUES ('svc.internal', -1), ('other.example', 4294967296), ('gone.example', 7),"
          " ('svc.internal.', 7)");
  CHECK(place.kept().empty());
  CHECK(place.open()->keep_serials(Kept{{k_svc, 9}}));
  CHECK(place.kept() == Kept{{k_svc, 9}});
}

TEST_CASE("after a restore the serials go on from the newer of the two databases") {
  const Place place;
  const std::filesystem::path file = place.directory.path() / "back-up.db";
  REQUIRE(place.open()->keep_serials(Kept{{k_svc, 100}, {k_other, 4'294'967'290}}));
  REQUIRE(back_up(place.directory.database(), file));
  REQUIRE(place.open()->keep_serials(Kept{{k_svc, 50}, {k_other, 5}}));  // 5 is newer: serials go round
  REQUIRE(restore_from(file, place.directory.database()));
  CHECK(place.kept() == Kept{{k_other, 5}, {k_svc, 100}});
}

}  // namespace rollcall::store
