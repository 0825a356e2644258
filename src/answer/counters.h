// The answers of one DNS worker, counted without a shared cache line.
//
// Threads  one worker writes; a scrape reads.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dns/types.h"

namespace rollcall::answer {

class alignas(64) Counters {
 public:
  static constexpr std::array<std::string_view, 11> k_types{"A",  "AAAA",  "SRV", "TXT",  "PTR",  "SOA",
                                                            "NS", "CNAME", "ANY", "none", "other"};
  static constexpr std::array<std::string_view, 9> k_rcodes{"NOERROR", "FORMERR", "SERVFAIL",  "NXDOMAIN", "NOTIMP",
                                                            "REFUSED", "BADVERS", "BADCOOKIE", "other"};

  void count_answer(dns::Type type, dns::Rcode rcode, bool truncated, std::size_t bytes) noexcept {
    bump(answers_[type_index(type)][rcode_index(rcode)]);
    if (truncated) bump(truncated_);
    bump(bytes_, bytes);
  }
  void count_silence() noexcept { bump(silences_); }
  // An answer beyond the rate limit, and what became of it.
  enum class Limited : std::uint8_t { dropped, truncated, badcookie };
  static constexpr std::array<std::string_view, 3> k_limited{"dropped", "truncated", "badcookie"};
  void count_limited(Limited action) noexcept { bump(limited_[static_cast<std::size_t>(action)]); }

  // A query whose client must first prove its address with a cookie, and the reply it got instead of an answer.
  enum class Unproven : std::uint8_t { badcookie, truncated };
  static constexpr std::array<std::string_view, 2> k_unproven{"badcookie", "truncated"};
  void count_unproven(Unproven action) noexcept { bump(unproven_[static_cast<std::size_t>(action)]); }

  // An answer of a roll that is not fresh: given all the same, or SERVFAIL instead.
  enum class NotFresh : std::uint8_t { stale, refused };
  static constexpr std::array<std::string_view, 2> k_not_fresh{"stale", "refused"};
  void count_not_fresh(NotFresh action) noexcept { bump(not_fresh_[static_cast<std::size_t>(action)]); }

  // So many answers were given to the system so long after their queries were taken from it: of one batch, whose datagrams
  // are taken and sent together. The bounds of the buckets are powers of two nanoseconds, so none of them is searched for.
  static constexpr unsigned k_first_bound_bit = 12;  // 4 us: a batch of one, and its two system calls
  static constexpr unsigned k_last_bound_bit = 30;   // 1.07 s
  static constexpr std::size_t k_durations = k_last_bound_bit - k_first_bound_bit + 2;
  void count_duration(std::chrono::nanoseconds duration, std::size_t answers) noexcept {
    const std::uint64_t nanoseconds = duration.count() > 0 ? static_cast<std::uint64_t>(duration.count()) : 1;
    const auto bits = static_cast<unsigned>(std::bit_width(nanoseconds - 1));  // at most the bound of 2^bits
    bump(durations_[std::clamp(bits, k_first_bound_bit, k_last_bound_bit + 1) - k_first_bound_bit], answers);
    bump(nanoseconds_, nanoseconds * answers);
  }

  [[nodiscard]] std::uint64_t durations(std::size_t bucket) const { return load(durations_[bucket]); }
  [[nodiscard]] std::uint64_t nanoseconds() const { return load(nanoseconds_); }  // the sum of them
  [[nodiscard]] std::uint64_t answers(std::size_t type, std::size_t rcode) const { return load(answers_[type][rcode]); }
  [[nodiscard]] std::uint64_t truncated() const { return load(truncated_); }
  [[nodiscard]] std::uint64_t bytes() const { return load(bytes_); }
  [[nodiscard]] std::uint64_t silences() const { return load(silences_); }
  [[nodiscard]] std::uint64_t limited(std::size_t action) const { return load(limited_[action]); }
  [[nodiscard]] std::uint64_t unproven(std::size_t action) const { return load(unproven_[action]); }
  [[nodiscard]] std::uint64_t not_fresh(std::size_t action) const { return load(not_fresh_[action]); }

 private:
  using Count = std::atomic<std::uint64_t>;
  static std::uint64_t load(const Count& count) { return count.load(std::memory_order_relaxed); }
  // One writer: no locked instruction is needed.
  static void bump(Count& count, std::uint64_t by = 1) { count.store(load(count) + by, std::memory_order_relaxed); }

  static std::size_t type_index(dns::Type type) {
    switch (type) {
      case dns::Type::a: return 0;
      case dns::Type::aaaa: return 1;
      case dns::Type::srv: return 2;
      case dns::Type::txt: return 3;
      case dns::Type::ptr: return 4;
      case dns::Type::soa: return 5;
      case dns::Type::ns: return 6;
      case dns::Type::cname: return 7;
      case dns::Type::any: return 8;
      case dns::Type::none: return 9;
      default: return 10;
    }
  }
  static std::size_t rcode_index(dns::Rcode rcode) {
    switch (rcode) {
      case dns::Rcode::noerror: return 0;
      case dns::Rcode::formerr: return 1;
      case dns::Rcode::servfail: return 2;
      case dns::Rcode::nxdomain: return 3;
      case dns::Rcode::notimp: return 4;
      case dns::Rcode::refused: return 5;
      case dns::Rcode::badvers: return 6;
      case dns::Rcode::badcookie: return 7;
      default: return 8;
    }
  }

  std::array<std::array<Count, k_rcodes.size()>, k_types.size()> answers_{};
  Count truncated_{0};
  Count bytes_{0};
  Count silences_{0};
  std::array<Count, k_limited.size()> limited_{};
  std::array<Count, k_unproven.size()> unproven_{};
  std::array<Count, k_not_fresh.size()> not_fresh_{};
  std::array<Count, k_durations> durations_{};
  Count nanoseconds_{0};
};

}  // namespace rollcall::answer
