// Sessions: locks, what becomes of them, lock delays, and time.
#include "catch.h"
#include "unit/kv/world.h"

namespace rollcall::kv {
namespace {

using namespace testing;

TEST_CASE("a lock has one holder, who may set its value again") {
  World world;
  world.begin_session("one");
  world.begin_session("two");
  CHECK(world.lock("leader", "one", "10.0.0.1"));
  CHECK_FALSE(world.lock("leader", "two", "10.0.0.2"));
  CHECK(world.find("leader")->lock_index == 1);
  CHECK(world.lock("leader", "one", "10.0.0.1:80"));
  CHECK(world.find("leader")->lock_index == 1);
  CHECK(world.find("leader")->value == "10.0.0.1:80");
  CHECK_FALSE(world.unlock("leader", "two"));
  CHECK(world.unlock("leader", "one"));
  CHECK(world.holder("leader").empty());
  CHECK(world.lock("leader", "two"));  // a release begins no delay
  CHECK(world.find("leader")->lock_index == 2);
}

TEST_CASE("a lock is advisory: who sets the key without a session leaves the holder") {
  World world;
  world.begin_session("one");
  world.lock("a", "one", "1");
  CHECK(world.set("a", "2"));
  CHECK(world.holder("a") == "one");
  CHECK(world.find("a")->lock_index == 1);
  CHECK(world.remove("a"));
  world.begin_session("two");
  CHECK(world.lock("a", "two"));
}

TEST_CASE("a session that is destroyed lets go of its locks, for everybody after the lock delay") {
  World world;
  world.begin_session("one", 0ms, 15s);
  world.begin_session("two");
  world.lock("a", "one", "mine");
  static_cast<void>(world.ask(DestroySession{"one"}));
  CHECK(world.holder("a").empty());
  CHECK(world.find("a")->value == "mine");
  CHECK_FALSE(world.lock("a", "two"));
  CHECK_FALSE(world.lock("a", "one"));
  world.clock.advance(15s - 1ms);
  CHECK_FALSE(world.lock("a", "two"));
  world.clock.advance(1ms);
  CHECK(world.lock("a", "two"));
}

TEST_CASE("without a lock delay the next may hold it at once") {
  World world;
  world.begin_session("one", 0ms, 0ms);
  world.begin_session("two");
  world.lock("a", "one");
  static_cast<void>(world.ask(DestroySession{"one"}));
  CHECK(world.lock("a", "two"));
}

TEST_CASE("a session may delete its keys when it ends") {
  World world;
  world.begin_session("one", 0ms, 15s, AtEnd::remove);
  world.lock("a", "one");
  world.lock("b", "one");
  world.set("c", "1");
  static_cast<void>(world.ask(DestroySession{"one"}));
  CHECK_FALSE(world.find("a"));
  CHECK_FALSE(world.find("b"));
  CHECK(world.find("c"));
  world.begin_session("two");
  CHECK_FALSE(world.lock("a", "two"));  // the delay holds for them as well
}

TEST_CASE("a session ends between its TTL and twice that") {
  World world;
  world.begin_session("one", 10s);
  world.lock("a", "one");
  world.clock.advance(10s);
  world.sweep();
  CHECK(world.has_session("one"));
  CHECK(world.all->renew("one") != nullptr);
  world.clock.advance(10s);
  world.sweep();
  CHECK(world.holder("a") == "one");
  world.clock.advance(10s - 1ms);
  world.sweep();
  CHECK_FALSE(world.has_session("one"));
  CHECK(world.holder("a").empty());
  CHECK(world.all->renew("one") == nullptr);
}

TEST_CASE("a session that is over is not renewed, also before it is swept") {
  World world;
  world.begin_session("one", 10s);
  world.clock.advance(20s);
  CHECK(world.all->renew("one") == nullptr);
}

TEST_CASE("a session whose end the disk refuses has ended all the same, and is recorded later") {
  World world;
  world.begin_session("one", 10s);
  world.lock("a", "one");
  world.clock.advance(20s);
  world.journal.is_broken = true;
  world.sweep();
  CHECK_FALSE(world.has_session("one"));
  CHECK(world.all->renew("one") == nullptr);
  world.journal.is_broken = false;
  world.sweep();
  CHECK(world.holder("a").empty());
  CHECK(world.journal.sessions.empty());
}

TEST_CASE("after a start a session has one whole TTL, and a lock delay begins again") {
  World world;
  world.begin_session("one", 10s);
  world.lock("a", "one");
  world.begin_session("gone", 0ms, 20s);
  world.lock("b", "gone");
  static_cast<void>(world.ask(DestroySession{"gone"}));
  world.clock.advance(14s);
  world.start();
  world.clock.advance(10s);
  world.sweep();
  CHECK(world.has_session("one"));
  CHECK(world.holder("a") == "one");
  CHECK_FALSE(world.lock("b", "one"));
  CHECK(world.all->renew("one") != nullptr);
  world.clock.advance(10s);
  CHECK(world.lock("b", "one"));
}

TEST_CASE("a lock delay that is over leaves the disk with a later change") {
  World world;
  world.begin_session("one", 0ms, 5s);
  world.lock("a", "one");
  static_cast<void>(world.ask(DestroySession{"one"}));
  CHECK(world.journal.delays.contains("a"));
  world.clock.advance(6s);
  world.set("b", "1");
  CHECK(world.journal.delays.empty());
}

TEST_CASE("a session without a TTL ends only when it is destroyed") {
  World world;
  world.begin_session("one");
  world.clock.advance(std::chrono::hours(1'000));
  world.sweep();
  CHECK(world.has_session("one"));
  CHECK(world.all->renew("one") != nullptr);
  static_cast<void>(world.ask(DestroySession{"one"}));
  CHECK_FALSE(world.has_session("one"));
}

TEST_CASE("sessions end by themselves on a clock that runs") {
  World world;
  world.begin_session("one", 10s);
  world.lock("a", "one");
  world.clock.advance(15s);
  world.all->start();
  while (world.has_session("one")) world.run_tasks();
  CHECK(world.holder("a").empty());
  world.all->finish();
}

}  // namespace
}  // namespace rollcall::kv
