#include "ops/watchdog.h"

#include <atomic>
#include <thread>

#include "catch.h"

namespace rollcall::ops {
namespace {

using namespace std::chrono_literals;
using Time = WatchdogRounds::Time;

constexpr auto k_limit = 40ms;  // a round each 10 ms

// Answers when told to.
class FakePulse final : public Pulse {
 public:
  explicit FakePulse(std::string name) : Pulse(std::move(name)) {}
  void ask() override { ++asked; }
  [[nodiscard]] bool has_answered() const override { return answers; }

  bool answers = true;
  int asked = 0;
};

struct World {
  World() {
    std::vector<std::unique_ptr<Pulse>> pulses;
    for (const char* name : {"the writer", "DNS worker 0"}) {
      auto pulse = std::make_unique<FakePulse>(name);
      fakes.push_back(pulse.get());
      pulses.push_back(std::move(pulse));
    }
    rounds.emplace(k_limit, std::move(pulses));
  }
  WatchdogRounds::Verdict step(std::chrono::milliseconds by) { return rounds->round(now += by); }

  Time now{};
  std::vector<FakePulse*> fakes;
  std::optional<WatchdogRounds> rounds;
};

}  // namespace

TEST_CASE("a watchdog beats at least twice within its limit while everybody answers") {
  World world;
  CHECK(world.rounds->every() <= k_limit / 2);
  for (int i = 0; i < 5; ++i) CHECK(world.step(10ms).beats);
  CHECK(world.fakes.front()->asked == 5);
}

TEST_CASE("a thread that does not answer stops the beats, is named once, and its question stands") {
  World world;
  CHECK(world.step(10ms).beats);
  world.fakes.back()->answers = false;
  auto verdict = world.step(10ms);
  CHECK_FALSE(verdict.beats);
  CHECK(verdict.stuck == std::vector<std::string>{"DNS worker 0"});
  verdict = world.step(10ms);
  CHECK_FALSE(verdict.beats);
  CHECK(verdict.stuck.empty());
  CHECK(world.fakes.back()->asked == 1);
  CHECK(world.fakes.front()->asked == 3);

  world.fakes.back()->answers = true;
  CHECK(world.step(10ms).beats);
  CHECK(world.fakes.back()->asked == 2);
}

TEST_CASE("a round that comes late blames nobody") {
  World world;
  CHECK(world.step(10ms).beats);
  world.fakes.back()->answers = false;
  CHECK(world.step(1h).beats);
  CHECK(world.fakes.back()->asked == 2);  // asked anew, and judged by that
  CHECK_FALSE(world.step(10ms).beats);
}

TEST_CASE("a thread without work is alive, one at the same piece of work is not") {
  Steps steps;
  StepPulse pulse("a worker", steps);
  pulse.ask();
  CHECK(pulse.has_answered());
  steps.begin();
  CHECK(pulse.has_answered());
  pulse.ask();
  CHECK_FALSE(pulse.has_answered());
  steps.end();
  CHECK(pulse.has_answered());
  steps.begin();
  CHECK(pulse.has_answered());
}

TEST_CASE("a thread that runs tasks answers by running one, also after the watchdog has gone") {
  std::vector<std::move_only_function<void()>> tasks;
  {
    TaskPulse pulse("a loop", [&](std::move_only_function<void()> task) { tasks.push_back(std::move(task)); });
    CHECK(pulse.has_answered());
    pulse.ask();
    CHECK_FALSE(pulse.has_answered());
    tasks.back()();
    CHECK(pulse.has_answered());
    pulse.ask();
    tasks.front()();  // of the question before
    CHECK_FALSE(pulse.has_answered());
  }
  tasks.back()();
}

TEST_CASE("the watchdog's thread beats, and ends at once") {
  std::atomic<int> beats = 0;
  {
    const Watchdog watchdog(8ms, {}, [&] { ++beats; });
    while (beats < 3) std::this_thread::sleep_for(1ms);
  }
  const int at_end = beats;
  const Watchdog slow(1h, {}, [&] { ++beats; });
  while (beats == at_end) std::this_thread::sleep_for(1ms);
}

}  // namespace rollcall::ops
