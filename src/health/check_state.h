// What the results of runs make of one check: passing, or failing.
//
// Shape    values and functions; no socket, no clock.
// Source   docs/checks.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "health/check_result.h"
#include "health/plan.h"

namespace rollcall::health {

// How one run of a check, or a probe, ended.
enum class RunEnd : std::uint8_t {
  passed,
  failed,     // answered, and not as expected; or cannot be reached
  refused,    // every address said that nobody listens (ECONNREFUSED)
  timed_out,  // no answer in time
  not_run,    // this server could not ask (base/local_error.h): it says nothing about the instance
  warned,     // answered that it is well, with a reservation (HTTP 429); only of checks with a result of their own
};
inline constexpr std::size_t k_run_ends = 6;
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

// The status of a check that has a result of its own. A success is as it ended, passing or a warning, after `pass_after` in
// a row; failures in a row are a warning after `warn_after`, and critical after `critical_after`. Until then it stays.
class NamedState {
 public:
  explicit NamedState(CheckStatus status) : status_(status) {}

  [[nodiscard]] CheckStatus status() const { return status_; }
  // True when the status has changed.
  bool record(RunEnd end, const Check& check);

 private:
  CheckStatus status_;
  std::uint16_t successes_ = 0;  // in a row
  std::uint16_t failures_ = 0;
};

// The text cut to k_check_output_bytes_max octets, never inside a character.
[[nodiscard]] std::string cut_output(std::string text);

}  // namespace rollcall::health
