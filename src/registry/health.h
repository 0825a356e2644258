// What results make of an instance: the rules of health, without a socket or a clock.
//
// Shape    values and functions; time is an argument.
// Source   docs/checks.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "registry/health_plan.h"
#include "registry/instance.h"
#include "registry/lease.h"

namespace rollcall::registry {

// How one run of a check, or a probe, ended.
enum class CheckEnd : std::uint8_t {
  passed,
  failed,     // answered, and not as expected; or cannot be reached
  refused,    // every address said that nobody listens (ECONNREFUSED)
  timed_out,  // no answer in time
  not_run,    // this server could not ask (base/local_error.h): no verdict on the instance
};
inline constexpr std::size_t k_check_ends = 5;
[[nodiscard]] std::string_view to_text(CheckEnd end);  // as above

struct CheckResult {
  CheckEnd end = CheckEnd::passed;
  std::string output;  // a sentence for people, at most k_check_output_bytes_max octets of UTF-8
};

// One check's way between up and down: `fall` failures in a row make it down, `rise` passes in a row up again. Whatever
// interrupts a row begins it anew: that is what damps flapping.
class CheckState {
 public:
  explicit CheckState(bool is_up) : is_up_(is_up) {}

  [[nodiscard]] bool is_up() const { return is_up_; }
  // Whether the last result spoke against the state, and was not yet enough to change it.
  [[nodiscard]] bool is_wavering() const { return against_ > 0; }
  // True when the state has changed.
  bool record(bool passed, const Check& check);

 private:
  bool is_up_;
  std::uint16_t against_ = 0;  // results in a row that speak against it
};

// The text cut to k_check_output_bytes_max octets, never inside a character.
[[nodiscard]] std::string cut_output(std::string text);

// How an instance stands once it is registered so. `before` is what was registered under the key, with its standing;
// null: nothing. A registration that repeats or updates an instance does not undo a drain; one that gives up its checks
// is no longer critical by them.
[[nodiscard]] Standing standing_of(const Registration* before, Standing standing, const Registration& asked,
                                   WallTime wall_now);

// A standing as a row has it: what a check has said (`output`) says nothing where there is no check any more to say otherwise.
// Without output it is somebody's own word, and stays.
[[nodiscard]] Standing standing_of_row(Standing standing, const Registration& registration);

// Whether what is known of one, by its checks and probes, holds for the other: the same is asked at the same addresses, under
// the same lease.
[[nodiscard]] bool is_judged_alike(const Registration& a, const Registration& b);

// --- When a check runs ---

// Runs are spread over the interval: each check has its own phase, the same for the life of the registration, and runs
// at the instants that lie a whole number of intervals after it.
[[nodiscard]] std::chrono::milliseconds phase_of(const InstanceRef& key, std::size_t check,
                                                 std::chrono::milliseconds interval);
// The first such instant after `now`.
[[nodiscard]] LeaseTime next_run(LeaseTime now, std::chrono::milliseconds phase, std::chrono::milliseconds interval);

// --- When silence is probed ---

// Heartbeats are expected every third of the ttl.
[[nodiscard]] constexpr std::chrono::milliseconds heartbeat_interval(std::chrono::milliseconds ttl) { return ttl / 3; }
// From when on an instance is silent: one heartbeat is overdue by one interval, and two are missing.
[[nodiscard]] LeaseTime silent_from(LeaseTime expires_at, std::chrono::milliseconds ttl);

}  // namespace rollcall::registry
