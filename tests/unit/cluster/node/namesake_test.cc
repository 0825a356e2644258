#include "cluster/node/namesake.h"

#include "catch.h"

namespace rollcall::cluster {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a name that somebody else has while a majority of etcd answers is taken") {
  Namesake namesake;
  for (Raw now{100s}; now <= Raw{115s}; now += 1s) {
    namesake.found(now);
    CHECK_FALSE(namesake.goes_on());
  }
  namesake.found(Raw{116s});
  CHECK(namesake.goes_on());
}

TEST_CASE(
    "a node that was killed while etcd had no majority is no namesake: its lease begins anew with the next leader") {
  Namesake namesake;
  namesake.found(Raw{100s});
  for (Raw now{101s}; now <= Raw{200s}; now += 1s) namesake.forget();  // no answer
  for (Raw now{201s}; now <= Raw{206s}; now += 1s) namesake.found(now);
  CHECK_FALSE(namesake.goes_on());
  namesake.forget();  // its key is gone
  CHECK_FALSE(namesake.goes_on());
}

TEST_CASE("a silence in which nothing was asked does not count") {
  Namesake namesake;
  namesake.found(Raw{100s});
  namesake.found(Raw{160s});
  CHECK_FALSE(namesake.goes_on());
}

}  // namespace
}  // namespace rollcall::cluster
