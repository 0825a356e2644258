#include "cluster/node/late_watch.h"

#include "catch.h"

namespace rollcall::cluster {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a watch that does not bring what etcd has is late, and the next member of etcd gets its time too") {
  LateWatch watch;
  CHECK_FALSE(watch.is_late(3s, 5, 10, Raw{100s}));  // what etcd had before is not known
  CHECK(watch.is_late(4s, 5, 20, Raw{101s}));
  CHECK_FALSE(watch.is_late(5s, 5, 30, Raw{102s}));
  CHECK_FALSE(watch.is_late(6s, 5, 40, Raw{103s}));
  CHECK(watch.is_late(7s, 5, 50, Raw{104s}));
}

TEST_CASE("a node that has been brought everything, and is behind in showing it, breaks no watch off") {
  LateWatch watch;
  for (int second = 0; second < 10; ++second) {
    const Revision newest = 1'000 * (second + 1);
    CHECK_FALSE(
        watch.is_late(std::chrono::seconds(second), newest - 500, newest, Raw{100s + std::chrono::seconds(second)}));
  }
}

TEST_CASE("a watch that was late for a moment is left alone") {
  LateWatch watch;
  CHECK_FALSE(watch.is_late(0s, 5, 10, Raw{100s}));
  CHECK_FALSE(watch.is_late(2s, 5, 20, Raw{101s}));
}

}  // namespace
}  // namespace rollcall::cluster
