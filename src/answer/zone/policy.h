// How a service's answers are made, where that is a matter of settings: `[dns]`, `[[zone]]`, `[[service]]`.
//
// Source   docs/settings.md.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/limits.h"

namespace rollcall::answer {

// What a known service without a ready instance answers.
enum class WhenEmpty : std::uint8_t { nodata, nxdomain, servfail };

struct AnswerPolicy {
  std::uint32_t ttl_seconds = 1;  // at least 1; an answer carries less only when a lease ends sooner
  WhenEmpty when_empty = WhenEmpty::nodata;
  std::uint32_t answer_limit = 0;  // 0: all; N: a fresh weighted random N per answer
  // Where a smaller share of the instances is ready, the critical ones are answered too, for at most so long. In
  // thousandths; 0: never.
  std::uint16_t protect_permille = 0;
  std::chrono::milliseconds protect_for = limits::k_protect_default;
  friend bool operator==(const AnswerPolicy&, const AnswerPolicy&) = default;
};

}  // namespace rollcall::answer
