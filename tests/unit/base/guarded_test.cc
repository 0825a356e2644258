#include "base/guarded.h"

#include <chrono>
#include <thread>
#include <vector>

#include "catch.h"

namespace rollcall {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto k_is_set = [](const int& value) { return value != 0; };

TEST_CASE("a thread that waits for a condition goes on when another makes it true") {
  GuardedCondition<int> number;
  std::jthread setting([&] { number.change([](int& value) { value = 1; }); });
  number.wait(k_is_set);
  CHECK(number.with([](int& value) { return value; }) == 1);
}

TEST_CASE("a wait with a time ends then, and says that the condition does not hold") {
  const GuardedCondition<int> never;
  CHECK_FALSE(never.wait_until(steady_clock::now() + 1ms, k_is_set));
  const GuardedCondition<int> already(1);
  CHECK(already.wait_until(steady_clock::now(), k_is_set));
}

TEST_CASE("a wait ends when its thread is asked to stop") {
  const GuardedCondition<int> never;
  bool has_held = true;
  {
    const std::jthread waiting([&](const std::stop_token& stop) { has_held = never.wait(stop, k_is_set); });
  }
  CHECK_FALSE(has_held);
  std::stop_source stopped;
  stopped.request_stop();
  CHECK_FALSE(never.wait_until(stopped.get_token(), steady_clock::now() + 1h, k_is_set));
}

TEST_CASE("a change that waits for its condition happens under the same lock") {
  GuardedCondition<int> tokens;
  int taken = 0;
  {
    std::vector<std::jthread> takers;
    for (int i = 0; i < 8; ++i) {
      takers.emplace_back([&] {
        tokens.change_when(k_is_set, [&](int& value) {
          --value;
          ++taken;  // under the lock
        });
      });
    }
    for (int i = 0; i < 8; ++i) tokens.change([](int& value) { ++value; });
  }
  CHECK(taken == 8);
  CHECK(tokens.with([](const int& value) { return value; }) == 0);
}

}  // namespace
}  // namespace rollcall
