// Who is woken by a change of the roll, and who is not.
#include "registry/work/waiters.h"

#include <thread>

#include "base/limits.h"
#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {
namespace {

// A service as the roll shows it.
void show(Waiters& waiters, const std::string& service, ChangeIndex index) {
  waiters.publish(Service({k_svc, service}, index, 0, {}, std::nullopt));
}

TEST_CASE("a change of the service wakes everybody who waits for it, once") {
  Waiters waiters;
  int woken = 0;
  const auto wake = [&] { ++woken; };
  const auto first = waiters.take_seat(topic_of({k_svc, "web"}), 3, wake);
  const auto second = waiters.take_seat(topic_of({k_svc, "web"}), 3, wake);
  CHECK(waiters.count() == 2);
  show(waiters, "web", 4);
  CHECK(woken == 2);
  CHECK(waiters.count() == 0);
  show(waiters, "web", 5);
  CHECK(woken == 2);
}

TEST_CASE("a change elsewhere wakes nobody") {
  Waiters waiters;
  int woken = 0;
  const auto seat = waiters.take_seat(topic_of({k_svc, "web"}), 3, [&] { ++woken; });
  show(waiters, "db", 4);
  waiters.publish(Service({k_lab, "web"}, 5, 0, {}, std::nullopt));  // the same name in another zone
  waiters.withdraw({k_svc, "db"});
  CHECK(woken == 0);
}

TEST_CASE("a service that is shown again as it was wakes nobody") {
  Waiters waiters;
  int woken = 0;
  const auto seat = waiters.take_seat(topic_of({k_svc, "web"}), 3, [&] { ++woken; });
  show(waiters, "web", 3);
  CHECK(woken == 0);
  CHECK(waiters.count() == 1);
}

TEST_CASE("a service that is forgotten wakes those who knew it") {
  Waiters waiters;
  int woken = 0;
  const auto known = waiters.take_seat(topic_of({k_svc, "web"}), 3, [&] { ++woken; });
  int woken_unknown = 0;
  const auto unknown = waiters.take_seat(topic_of({k_svc, "web"}), 0, [&] { ++woken_unknown; });
  waiters.withdraw({k_svc, "web"});
  CHECK(woken == 1);
  CHECK(woken_unknown == 0);
  show(waiters, "web", 9);
  CHECK(woken_unknown == 1);
}

TEST_CASE("who has left is not woken") {
  Waiters waiters;
  int woken = 0;
  {
    auto seat = waiters.take_seat(topic_of({k_svc, "web"}), 3, [&] { ++woken; });
    const auto moved = std::move(seat);
    CHECK(waiters.count() == 1);
  }
  CHECK(waiters.count() == 0);
  show(waiters, "web", 4);
  CHECK(woken == 0);
}

TEST_CASE("only so many may wait, and a place that is given up is free again") {
  Waiters waiters;
  std::vector<ServiceKey> services;
  for (int i = 0; i < 100; ++i) services.push_back({k_svc, "s" + std::to_string(i)});
  std::vector<std::unique_ptr<Seat>> seats;
  for (std::size_t i = 0; i < limits::k_waiters_max; ++i) {
    auto seat = waiters.take_seat(topic_of(services[i % services.size()].ref()), 1, [] {});
    REQUIRE(seat);
    seats.push_back(std::move(seat));
  }
  CHECK_FALSE(waiters.take_seat(topic_of({k_svc, "web"}), 1, [] {}));
  seats.pop_back();
  CHECK(waiters.take_seat(topic_of({k_svc, "web"}), 1, [] {}));
}

TEST_CASE("what has an index of its own wakes those who wait for it, and no others") {
  using Kind = TopicRef::Kind;
  Waiters waiters;
  std::string woken;
  const auto wake = [&](char who) { return [&woken, who] { woken += who; }; };
  const auto names = waiters.take_seat({Kind::names, k_svc}, 3, wake('n'));
  const auto everything = waiters.take_seat({Kind::everything, k_svc}, 3, wake('e'));
  const auto elsewhere = waiters.take_seat({Kind::everything, k_lab}, 3, wake('l'));
  const auto node = waiters.take_seat({Kind::node, k_svc, "web"}, 3, wake('h'));
  const auto service = waiters.take_seat(topic_of({k_svc, "web"}), 3, wake('s'));
  waiters.move({Kind::everything, k_svc}, 4);
  CHECK(woken == "e");
  waiters.move({Kind::node, k_svc, "web"}, 4);
  waiters.move({Kind::node, k_svc, "db"}, 5);
  CHECK(woken == "eh");
  waiters.move({Kind::names, k_svc}, 3);
  CHECK(woken == "eh");
  waiters.move({Kind::names, k_svc}, 5);
  CHECK(woken == "ehn");
  CHECK(waiters.count() == 2);
}

TEST_CASE("those who stay keep their places when others are woken or leave") {
  Waiters waiters;
  std::vector<int> woken;
  std::vector<std::unique_ptr<Seat>> seats;
  for (int i = 0; i < 9; ++i) {
    // Every third knows the next index.
    seats.push_back(
        waiters.take_seat(topic_of({k_svc, "web"}), i % 3 == 0 ? 4 : 3, [&woken, i] { woken.push_back(i); }));
  }
  seats[1].reset();
  show(waiters, "web", 4);
  std::ranges::sort(woken);
  CHECK(woken == std::vector<int>{2, 4, 5, 7, 8});
  CHECK(waiters.count() == 3);
  seats[0].reset();
  woken.clear();
  show(waiters, "web", 5);
  std::ranges::sort(woken);
  CHECK(woken == std::vector<int>{3, 6});
  seats.clear();
  CHECK(waiters.count() == 0);
}

TEST_CASE("a service that is awaited is over when it is at another index") {
  Waiters waiters;
  World world;
  const auto missing = await_service(waiters, world.registry, {k_svc, "web"}, 0);
  CHECK_FALSE(missing->is_over());
  world.add("web", "a");
  CHECK(missing->is_over());
  const ChangeIndex index = world.index_of("web");
  const auto known = await_service(waiters, world.registry, {k_svc, "web"}, index);
  CHECK_FALSE(known->is_over());
  int woken = 0;
  const auto seat = known->take_seat([&] { ++woken; });
  show(waiters, "web", index + 1);
  CHECK(woken == 1);
}

TEST_CASE("who takes a seat and then looks misses no change") {
  Waiters waiters;
  std::atomic<ChangeIndex> roll{0};
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const ChangeIndex next = roll.load() + 1;
      roll.store(next);
      show(waiters, "web", next);
    }
  });
  for (int i = 0; i < 2'000; ++i) {
    std::atomic<bool> is_woken{false};
    const ChangeIndex known = roll.load();
    const auto seat = waiters.take_seat(topic_of({k_svc, "web"}), known, [&] {
      is_woken.store(true);
      is_woken.notify_one();
    });
    if (roll.load() == known) is_woken.wait(false);
    // The wake may be under way: it is over when the next change has been shown.
    while (!is_woken.load()) std::this_thread::yield();
  }
  SUCCEED();
}

}  // namespace
}  // namespace rollcall::registry::testing
