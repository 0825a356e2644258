#include "base/timing_wheel.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "base/random.h"
#include "catch.h"

namespace rollcall {
namespace {

using Timer = TimingWheel::Timer;

std::vector<const Timer*> fired_by(TimingWheel& wheel, Tick to) {
  std::vector<const Timer*> fired;
  wheel.advance(to, [&](Timer& timer) {
    CHECK_FALSE(timer.is_set());
    CHECK(timer.due() <= wheel.now());
    fired.push_back(&timer);
  });
  CHECK(wheel.now() == to);
  return fired;
}

TEST_CASE("a timer fires at its tick, not before, and once") {
  // Both sides of every level's border.
  for (const Tick due : {Tick{1}, Tick{63}, Tick{64}, Tick{65}, Tick{4095}, Tick{4096}, Tick{4097}, Tick{262'143},
                         Tick{262'144}, Tick{16'777'216}, Tick{1} << 30, Tick{1} << 36, (Tick{1} << 42) - 1}) {
    for (const Tick start : {Tick{0}, Tick{1}, Tick{63}, Tick{4095}, Tick{123'456'789}}) {
      CAPTURE(due, start);
      TimingWheel wheel(start);
      Timer timer;
      wheel.set(timer, start + due);
      CHECK(fired_by(wheel, start + due - 1).empty());
      CHECK(timer.is_set());
      CHECK(fired_by(wheel, start + due) == std::vector<const Timer*>{&timer});
      CHECK_FALSE(timer.is_set());
      CHECK(fired_by(wheel, start + due + 1'000'000).empty());
    }
  }
}

TEST_CASE("a timer beyond the highest level's turn is kept until it is due") {
  for (const Tick beyond : {Tick{1} << 42, (Tick{1} << 42) + 1, (Tick{3} << 42) + 77, Tick{1} << 45}) {
    CAPTURE(beyond);
    TimingWheel wheel(5);
    Timer timer;
    wheel.set(timer, 5 + beyond);
    CHECK(fired_by(wheel, 5 + beyond - 1).empty());
    CHECK(fired_by(wheel, 5 + beyond).size() == 1);
  }
}

TEST_CASE("a due tick that has passed comes at the next tick") {
  TimingWheel wheel(1000);
  Timer past;
  Timer present;
  wheel.set(past, 10);
  wheel.set(present, 1000);
  CHECK(wheel.next_wake() == Tick{1001});
  CHECK(fired_by(wheel, 1001).size() == 2);
}

TEST_CASE("timers fire in the order of their ticks, however far time jumps") {
  TimingWheel wheel;
  std::vector<Timer> timers(5);
  const std::vector<Tick> due{70'000, 3, 5'000'000, 64, 4096};
  for (std::size_t each = 0; each < due.size(); ++each) wheel.set(timers[each], due[each]);
  const std::vector<const Timer*> fired = fired_by(wheel, 1'000'000'000);
  CHECK(fired == std::vector<const Timer*>{&timers[1], &timers[3], &timers[4], &timers[0], &timers[2]});
}

TEST_CASE("a cancelled timer does not fire, and leaves nothing to wake up for") {
  TimingWheel wheel;
  Timer timer;
  wheel.set(timer, 500);
  wheel.cancel(timer);
  CHECK_FALSE(timer.is_set());
  CHECK_FALSE(wheel.next_wake().has_value());
  CHECK(fired_by(wheel, 1000).empty());
  wheel.cancel(timer);  // again, and harmless
  {
    Timer short_lived;
    wheel.set(short_lived, 1500);
  }
  CHECK_FALSE(wheel.next_wake().has_value());
}

TEST_CASE("a moved timer fires at its new tick only") {
  TimingWheel wheel;
  Timer timer;
  wheel.set(timer, 100);
  wheel.set(timer, 300'000);
  CHECK(fired_by(wheel, 299'999).empty());
  wheel.set(timer, 300'005);
  CHECK(fired_by(wheel, 300'004).empty());
  CHECK(fired_by(wheel, 300'005).size() == 1);
}

TEST_CASE("a wheel that dies first leaves its timers unset") {
  Timer timer;
  {
    TimingWheel wheel;
    wheel.set(timer, 100);
  }
  CHECK_FALSE(timer.is_set());
}

TEST_CASE("a timer may set itself again while it fires, also a whole turn later") {
  for (const Tick period : {Tick{1}, Tick{64}, Tick{4096}, Tick{100'000}}) {
    CAPTURE(period);
    TimingWheel wheel;
    Timer timer;
    wheel.set(timer, period);
    std::size_t count = 0;
    for (Tick now = period; now <= period * 100; now += period) {
      wheel.advance(now, [&](Timer& fired) {
        ++count;
        wheel.set(fired, now + period);
      });
    }
    CHECK(count == 100);
  }
}

TEST_CASE("a firing timer may set, move and cancel others of its own tick") {
  TimingWheel wheel;
  std::vector<Timer> timers(4);
  for (Timer& timer : timers) wheel.set(timer, 64);
  Timer late;
  std::vector<const Timer*> fired;
  wheel.advance(70, [&](Timer& timer) {
    fired.push_back(&timer);
    if (&timer == &timers[0]) {
      wheel.cancel(timers[1]);
      wheel.set(timers[2], 200);
      wheel.set(late, 66);
    }
  });
  CHECK(fired == std::vector<const Timer*>{&timers[0], &timers[3], &late});
  CHECK(fired_by(wheel, 200) == std::vector<const Timer*>{&timers[2]});
}

TEST_CASE("the tick to wake up at is never after the earliest due tick, and each wake comes nearer to it") {
  Random random(7);
  for (int round = 0; round < 2'000; ++round) {
    const Tick start = random.next() >> (24 + random.below(40));
    TimingWheel wheel(start);
    std::vector<Timer> timers(1 + random.below(8));
    Tick earliest = ~Tick{0};
    for (Timer& timer : timers) {
      const Tick due = start + 1 + (random.next() >> (24 + random.below(40)));
      wheel.set(timer, due);
      earliest = std::min(earliest, due);
    }
    std::size_t wakes = 0;
    while (wheel.now() < earliest) {
      const std::optional<Tick> wake = wheel.next_wake();
      REQUIRE(wake);
      REQUIRE(*wake > wheel.now());
      REQUIRE(*wake <= earliest);
      const std::size_t fired = fired_by(wheel, *wake).size();
      REQUIRE((fired > 0) == (*wake == earliest));
      REQUIRE(++wakes <= 64);
    }
  }
}

// The same operations on a multimap from due tick to timer.
class Model {
 public:
  explicit Model(std::size_t count) : timers_(count) {}

  void set(std::size_t index, Tick due) {
    cancel(index);
    wheel_.set(timers_[index], due);
    due_.emplace(std::max(due, wheel_.now() + 1), index);
  }
  void cancel(std::size_t index) {
    wheel_.cancel(timers_[index]);
    std::erase_if(due_, [&](const auto& each) { return each.second == index; });
  }
  void advance(Tick to) {
    std::multimap<Tick, std::size_t> fired;
    wheel_.advance(
        to, [&](Timer& timer) { fired.emplace(wheel_.now(), static_cast<std::size_t>(&timer - timers_.data())); });
    std::multimap<Tick, std::size_t> expected;
    while (!due_.empty() && due_.begin()->first <= to) expected.insert(due_.extract(due_.begin()));
    REQUIRE(sorted(fired) == sorted(expected));
  }
  [[nodiscard]] Tick now() const { return wheel_.now(); }
  [[nodiscard]] std::size_t size() const { return timers_.size(); }
  [[nodiscard]] std::size_t set_count() const { return due_.size(); }

 private:
  static std::vector<std::pair<Tick, std::size_t>> sorted(const std::multimap<Tick, std::size_t>& map) {
    std::vector<std::pair<Tick, std::size_t>> list(map.begin(), map.end());
    std::ranges::sort(list);
    return list;
  }

  std::vector<Timer> timers_;
  TimingWheel wheel_;  // dies before its timers
  std::multimap<Tick, std::size_t> due_;
};

// From one tick to many levels.
Tick distance(Random& random) { return random.next() >> (22 + random.below(42)); }

TEST_CASE("random operations fire the same timers at the same ticks as a sorted map") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 50; ++round) {
    Model model(1 + random.below(64));
    for (int step = 0; step < 500; ++step) {
      const std::size_t index = random.below(static_cast<std::uint32_t>(model.size()));
      switch (random.below(8)) {
        case 0: model.cancel(index); break;
        case 1:
        case 2: model.advance(model.now() + distance(random) % 4096); break;
        case 3: model.advance(model.now() + distance(random)); break;
        default: model.set(index, model.now() + distance(random));
      }
    }
    model.advance(model.now() + (Tick{1} << 43));
    REQUIRE(model.set_count() == 0);
  }
}

TEST_CASE("100,000 timers fire each at its own tick") {
  Random random(11);
  std::vector<Timer> timers(100'000);
  TimingWheel wheel(987'654'321);
  for (Timer& timer : timers) wheel.set(timer, wheel.now() + 1 + random.below(86'400'000));
  for (std::size_t each = 0; each < timers.size(); each += 3) {
    wheel.set(timers[each], wheel.now() + 1 + random.below(15'000));  // some move
  }
  std::size_t fired = 0;
  bool exact = true;
  wheel.advance(wheel.now() + 86'400'000, [&](Timer& timer) {
    ++fired;
    exact = exact && timer.due() == wheel.now();
  });
  CHECK(fired == timers.size());
  CHECK(exact);
  CHECK_FALSE(wheel.next_wake().has_value());
}

}  // namespace
}  // namespace rollcall
