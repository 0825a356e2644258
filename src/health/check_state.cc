#include "health/check_state.h"

#include "base/check.h"

namespace rollcall::health {

std::string_view to_text(RunEnd end) {
  switch (end) {
    case RunEnd::passed: return "passed";
    case RunEnd::failed: return "failed";
    case RunEnd::refused: return "refused";
    case RunEnd::timed_out: return "timed_out";
    case RunEnd::not_run: return "not_run";
    case RunEnd::warned: return "warned";
  }
  return "failed";
}

bool CheckState::record(bool passed, const Check& check) {
  rollcall::check(check.rise > 0 && check.fall > 0, "a plan is complete before its checks run");
  if (passed == is_up_) {
    against_ = 0;
    return false;
  }
  if (++against_ < (is_up_ ? check.fall : check.rise)) return false;
  is_up_ = passed;
  against_ = 0;
  return true;
}

bool NamedState::record(RunEnd end, const Check& check) {
  const CheckStatus before = status_;
  const auto count = [](std::uint16_t& row) { row = static_cast<std::uint16_t>(row + (row < UINT16_MAX ? 1 : 0)); };
  switch (end) {
    case RunEnd::not_run: break;
    case RunEnd::passed:
    case RunEnd::warned:
      failures_ = 0;
      count(successes_);
      if (successes_ >= check.pass_after) status_ = end == RunEnd::passed ? CheckStatus::passing : CheckStatus::warning;
      break;
    case RunEnd::failed:
    case RunEnd::refused:
    case RunEnd::timed_out:
      successes_ = 0;
      count(failures_);
      if (failures_ >= check.critical_after) {
        status_ = CheckStatus::critical;
      } else if (failures_ >= check.warn_after) {
        status_ = CheckStatus::warning;
      }
      break;
  }
  return status_ != before;
}

std::string cut_output(std::string text) {
  if (text.size() <= limits::k_check_output_bytes_max) return text;
  std::size_t size = limits::k_check_output_bytes_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  text.resize(size);
  check(text.size() <= limits::k_check_output_bytes_max, "an output is bounded");
  return text;
}

}  // namespace rollcall::health
