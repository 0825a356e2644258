// Indexes, and who is woken.
#include "catch.h"
#include "unit/kv/world.h"

namespace rollcall::kv {
namespace {

using namespace testing;

const Topic k_key{Topic::Kind::key, "a/b"};
const Topic k_prefix{Topic::Kind::prefix, "a/"};
const Topic k_sessions{Topic::Kind::sessions};

// Counts how often it was woken.
struct Waiter {
  Waiter(World& world, const Topic& topic) : seat(world.all->take_seat(topic, [this] { ++woken; })) {}
  int woken = 0;
  std::optional<KeyValues::Seat> seat;
};

TEST_CASE("no index is zero, also of what never was") {
  World world;
  for (const Topic& topic :
       {k_key, k_prefix, k_sessions, Topic{Topic::Kind::session, "x"}, Topic{Topic::Kind::queries}}) {
    const View::Standing standing = world.look(topic);
    CHECK(standing.index >= 1);
    CHECK(standing.is_over);
    CHECK_FALSE(world.look(topic, standing.index).is_over);
  }
}

TEST_CASE("a key that is not there is waited for until it is set, whatever happens beside it") {
  World world;
  const Index known = world.look(k_key).index;
  Waiter waiter(world, k_key);
  world.set("a", "1");
  world.set("a/bc", "1");
  CHECK(waiter.woken == 0);
  CHECK_FALSE(world.look(k_key, known).is_over);
  world.set("a/b", "1");
  CHECK(waiter.woken == 1);
  CHECK(world.look(k_key, known).is_over);
  CHECK(world.look(k_key).index == world.find("a/b")->modify_index);
}

TEST_CASE("a key that was deleted before its waiter came back has another index") {
  World world;
  world.set("a/b", "1");
  const Index known = world.look(k_key).index;
  world.remove("a/b");
  const View::Standing standing = world.look(k_key, known);
  CHECK(standing.is_over);
  CHECK(standing.index > known);
  CHECK_FALSE(world.look(k_key, standing.index).is_over);
}

TEST_CASE("an index from the future is answered at once, with a lower one") {
  World world;
  world.set("a/b", "1");
  for (const Topic& topic : {k_key, Topic{Topic::Kind::key, "none"}, k_prefix, k_sessions}) {
    const View::Standing standing = world.look(topic, 1'900'000'000'000);
    CHECK(standing.is_over);
    CHECK(standing.index < 1'900'000'000'000);
  }
}

TEST_CASE("who waits for a prefix is woken by what is set and deleted below it alone") {
  World world;
  world.set("a/1", "1");
  const Index known = world.look(k_prefix).index;
  Waiter waiter(world, k_prefix);
  Waiter all(world, {Topic::Kind::prefix, ""});
  world.set("ab", "1");
  CHECK(waiter.woken == 0);
  CHECK(all.woken == 1);
  CHECK_FALSE(world.look(k_prefix, known).is_over);
  world.remove("a/1");
  CHECK(waiter.woken == 1);
  CHECK(world.look(k_prefix, known).is_over);
  const Index after = world.look(k_prefix).index;
  world.set("a/2", "1");
  CHECK(world.look(k_prefix).index > after);
  CHECK(waiter.woken == 1);  // once
}

TEST_CASE("sessions have an index of their own, which keys do not move") {
  World world;
  const Index known = world.look(k_sessions).index;
  Waiter waiter(world, k_sessions);
  world.set("a", "1");
  CHECK_FALSE(world.look(k_sessions, known).is_over);
  world.begin_session("one");
  CHECK(waiter.woken == 1);
  const Topic one{Topic::Kind::session, "one"};
  const Index created = world.look(one).index;
  world.begin_session("two");
  CHECK_FALSE(world.look(one, created).is_over);
  Waiter of_one(world, one);
  static_cast<void>(world.ask(DestroySession{"one"}));
  CHECK(of_one.woken == 1);
  CHECK(world.look(one, created).is_over);
}

TEST_CASE("a lock, its release and its loss move the key's index") {
  World world;
  world.begin_session("one");
  world.lock("a/b", "one");
  Index known = world.look(k_key).index;
  world.unlock("a/b", "one");
  CHECK(world.look(k_key).index > known);
  world.lock("a/b", "one");
  known = world.look(k_key).index;
  Waiter waiter(world, k_key);
  static_cast<void>(world.ask(DestroySession{"one"}));
  CHECK(waiter.woken == 1);
  CHECK(world.look(k_key, known).is_over);
}

TEST_CASE("a seat that is given up is not woken") {
  World world;
  int woken = 0;
  {
    const auto seat = world.all->take_seat(k_key, [&] { ++woken; });
    CHECK(world.all->read([](const View& view) { return view.seats(); }) == 1);
  }
  CHECK(world.all->read([](const View& view) { return view.seats(); }) == 0);
  world.set("a/b", "1");
  CHECK(woken == 0);
}

TEST_CASE("more removals than are remembered raise the index of what is not there, and nobody waits for ever") {
  World world;
  world.set("a/b", "1");
  const Index known = world.look(k_key).index;
  world.remove("a/b");
  for (std::size_t i = 0; i <= k_graves_max; i += k_operations_max) {
    Transaction set;
    Transaction removed;
    for (std::size_t j = 0; j < k_operations_max; ++j) {
      set.operations.push_back({.verb = Verb::set, .key = std::to_string(i + j)});
      removed.operations.push_back({.verb = Verb::remove, .key = std::to_string(i + j)});
    }
    static_cast<void>(world.ask(std::move(set)));
    static_cast<void>(world.ask(std::move(removed)));
  }
  CHECK(world.look(k_key, known).is_over);
  const Index now = world.look(k_key).index;
  CHECK(now > known);
  CHECK_FALSE(world.look(k_key, now).is_over);
}

}  // namespace
}  // namespace rollcall::kv
