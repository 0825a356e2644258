// How much memory the server holds for its HTTP clients, all connections together: answers that are not sent yet, changes
// that are not answered yet, request bodies that are being read.
//
// Shape    a sum of octets with an upper bound. The bound is looked at before more is taken on (`is_full`); each connection
//          adds what it holds through its Share.
// Owner    outlives every Share. A Share belongs to a connection, and subtracts what it has added when it ends.
// Threads  any; one Share: its connection's.
// Limits   the bound given (k_http_held_total_bytes_max). docs/security.md has the formula.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/limits.h"

namespace rollcall::net {

class HeldBytes {
 public:
  // `sum` is borrowed: a scrape of the metrics reads it.
  HeldBytes(std::size_t bytes_max, std::atomic<std::uint64_t>& sum) : bytes_max_(bytes_max), sum_(sum) {}
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;

  [[nodiscard]] bool is_full() const { return bytes() >= bytes_max_; }
  [[nodiscard]] std::size_t bytes() const { return sum_.load(std::memory_order_relaxed); }

  class Share {
   public:
    explicit Share(HeldBytes& total) : total_(&total) {}
    Share(Share&& other) noexcept : total_(other.total_), counted_(std::exchange(other.counted_, 0)) {}
    Share& operator=(Share&&) = delete;
    ~Share() { set(0); }

    // Counted in whole steps, so that a connection which sends one small answer after the other writes no shared memory.
    void set(std::size_t bytes) {
      const std::size_t counted = bytes - bytes % limits::k_http_held_step_bytes;
      if (counted == counted_) return;
      total_->sum_.fetch_add(counted - counted_, std::memory_order_relaxed);  // modulo 2^64: it may be less
      counted_ = counted;
    }

   private:
    HeldBytes* total_;
    std::size_t counted_ = 0;
  };

 private:
  const std::size_t bytes_max_;
  std::atomic<std::uint64_t>& sum_;
};

}  // namespace rollcall::net
