// What the results of runs make of one check: passing, or failing.
//
// Shape    values and functions; no socket, no clock.
// Source   docs/checks.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "health/plan.h"

namespace rollcall::health {

// How one run of a check, or a probe, ended.
enum class RunEnd : std::uint8_t {
  passed,
  failed,     // answered, and not as expected; or cannot be reached
  refused,    // every address said that nobody listens (ECONNREFUSED)
  timed_out,  // no answer in time
  not_run,    // this server could not ask (base/local_error.h): it says nothing about the instance
};
inline constexpr std::size_t k_run_ends = 5;
[[nodiscard]] std::string_view to_text(RunEnd end);  // as above

struct RunResult {
  RunEnd end = RunEnd::passed;
  std::string output;  // a sentence for people, at most k_check_output_bytes_max octets of UTF-8
};

// Whether one check is up: `fall` failures in a row make it down, `rise` passes in a row up again. A result of the other
// kind starts the count again: that is what damps flapping.
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

}  // namespace rollcall::health
