#include "cluster/node/catch_up.h"

#include "catch.h"

namespace rollcall::cluster {
namespace {

using namespace std::chrono_literals;

// A node whose driver passes every 10 ms.
struct Driver {
  CatchUp catch_up;
  CatchUp::Time now{1h};
  std::uint64_t contact = 1;
  bool in_touch = true;

  bool pass(Revision applied, std::chrono::milliseconds after = 10ms) {
    now += after;
    return catch_up.look({.in_touch = in_touch, .contact = contact, .applied = applied, .now = now});
  }
  std::uint64_t asked() {
    const auto number = catch_up.question(now);
    REQUIRE(number);
    return *number;
  }
  void reach(Revision revision) {
    pass(revision);
    catch_up.answered(asked(), revision);
    REQUIRE(pass(revision));
  }
};

}  // namespace

TEST_CASE("a node that follows has caught up when it shows what etcd had when it was asked") {
  Driver node;
  CHECK_FALSE(node.pass(7));
  const std::uint64_t number = node.asked();
  CHECK_FALSE(node.catch_up.question(node.now));  // one question at a time
  CHECK_FALSE(node.pass(900));                    // how new etcd is nobody knows
  node.catch_up.answered(number, 1'000);
  CHECK_FALSE(node.pass(999));
  CHECK(node.pass(1'000));
  CHECK(node.pass(1'000));  // and stays so, however far etcd goes on
  CHECK_FALSE(node.catch_up.question(node.now));
}

TEST_CASE("a node that was out of touch has to catch up again") {
  Driver node;
  node.reach(10);
  node.in_touch = false;
  CHECK_FALSE(node.pass(10));
  CHECK_FALSE(node.catch_up.question(node.now));
  node.in_touch = true;
  CHECK_FALSE(node.pass(10));
  node.catch_up.answered(node.asked(), 12);
  CHECK_FALSE(node.pass(11));
  CHECK(node.pass(12));
}

TEST_CASE("a contact that ended and began between two passes is another one") {
  Driver node;
  node.reach(10);
  ++node.contact;
  CHECK_FALSE(node.pass(10));
}

TEST_CASE("what was asked in an earlier contact says nothing of this one") {
  Driver node;
  node.pass(10);
  const std::uint64_t early = node.asked();
  node.in_touch = false;
  node.pass(10);
  node.catch_up.answered(early, 10);
  node.in_touch = true;
  CHECK_FALSE(node.pass(10));
  node.catch_up.answered(early, 10);
  CHECK_FALSE(node.pass(10));
}

TEST_CASE("a program that was stopped for seconds has to catch up, one that was slow has not") {
  Driver node;
  node.reach(10);
  CHECK(node.pass(10, 1'900ms));
  CHECK_FALSE(node.pass(10, 2'100ms));
  node.catch_up.answered(node.asked(), 11);
  CHECK_FALSE(node.pass(10));
  CHECK(node.pass(11));
}

TEST_CASE("a question without an answer is asked again a second later") {
  Driver node;
  node.pass(10);
  const std::uint64_t first = node.asked();
  node.catch_up.answered(first, std::nullopt);
  CHECK_FALSE(node.pass(10));
  CHECK_FALSE(node.catch_up.question(node.now));
  CHECK_FALSE(node.pass(10, 1'000ms));
  node.catch_up.answered(node.asked(), 10);
  CHECK(node.pass(10));
}

}  // namespace rollcall::cluster
