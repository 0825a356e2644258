// The short way: the usual question (look_up/fast_query.h), from the datagram to its answer without a detour.
//
// Shape    `read_ahead` and `fetch_ahead` for each datagram of a batch, so that memory is fetched meanwhile; then
//          `answer`. Empty: the query goes the whole way (responder.h).
// Owner    the Responder; borrows zones and roster for life.
// Threads  any number, each with its own WorkerState. `answer` takes a ReadLock; the others are under the caller's.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>

#include "answer/exchange.h"
#include "answer/look_up/fast_query.h"
#include "answer/roster/freshness.h"
#include "answer/roster/roster.h"
#include "answer/zone/zones.h"

namespace rollcall::answer {

class FastWay {
 public:
  // `is_open`: no setting makes the usual question need one of the Responder's other steps. `freshness`: while the roll is
  // not fresh, every question needs them; null: it always is.
  FastWay(const Zones& zones, const Roster& roster, bool is_open, std::size_t udp_payload, const RateLimit& rate_limit,
          const Freshness* freshness = nullptr)
      : zones_(zones),
        roster_(roster),
        is_open_(is_open ? (freshness == nullptr ? k_open : freshness->is_fresh()) : k_closed),
        udp_payload_(udp_payload),
        rate_limit_(rate_limit) {}

  [[nodiscard]] bool is_open() const { return is_open_.load(std::memory_order_relaxed); }
  void read_ahead(Bytes message, FastQuery& question) const;
  void fetch_ahead(const FastQuery& question) const;
  // The octets written to `out`; 0: the rate limiter has dropped the answer. `read`: what `read_ahead` has read from
  // `message`; null: it is read now. The way is open, or was a moment ago.
  [[nodiscard]] std::optional<std::size_t> answer(Bytes message, const Client& client, registry::LeaseTime now,
                                                  WritableBytes out, WorkerState& worker, const FastQuery* read) const;

 private:
  const Zones& zones_;
  const Roster& roster_;
  static const std::atomic<bool> k_open;
  static const std::atomic<bool> k_closed;
  const std::atomic<bool>& is_open_;  // one of these two, or the freshness
  const std::size_t udp_payload_;
  const RateLimit rate_limit_;
};

}  // namespace rollcall::answer
