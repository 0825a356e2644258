// One entry of the resolver's DNS cache: the last answer for a name, how long it is valid, and when to query again.
//
// Shape    pure state machine without I/O: the last answer with its expiry time, and the failures since then. The
//          endpoints of the answer are stored in the Balancer.
// Rules    An answer is fresh until its TTL ends. An entry in use is refreshed after 80 % of its TTL (prefetch). After
//          a failure the query is retried with exponential back-off, as long as callers use the name. A good answer may
//          be served for `stale_for` after its TTL (serve-stale, RFC 8767).
// Time     passed as an argument.
// Owner    ResolverEngine.
// Threads  not thread-safe; ResolverEngine guards it with its lock.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "client/lookup.h"
#include "dns/name.h"
#include "rollcall/balancer.h"

namespace rollcall::client {

struct CacheRules {
  std::chrono::milliseconds patience{250};
  std::chrono::milliseconds stale_for = std::chrono::hours(1);
};

class CacheEntry {
 public:
  using Time = Balancer::Time;

  CacheEntry(dns::Name name, const CacheRules& rules, const BalancerSettings& balancer)
      : name_(std::move(name)), rules_(rules), balancer_(balancer) {}

  [[nodiscard]] const dns::Name& name() const { return name_; }
  [[nodiscard]] Time last_used() const { return last_used_; }
  [[nodiscard]] bool is_asked() const { return asked_at_.has_value(); }
  [[nodiscard]] Balancer& balancer() { return balancer_; }

  // A caller uses the entry. Returns true if this may change the time of the next query.
  bool note_use(Time now);
  // A query for the name has been started.
  void note_asked(Time now);
  // The query has ended, with an answer or with a failure.
  void note_found(Found found, Time now);

  // Whether to query now, and the time of the next query (empty: not before a caller uses the entry, or its query
  // ends).
  [[nodiscard]] bool wants_question(Time now) const;
  [[nodiscard]] std::optional<Time> next_question(Time now) const;

  [[nodiscard]] bool is_fresh(Time now) const { return now < ends_at_; }
  // There is a good answer within `stale_for` of its TTL: it may be served while no server answers.
  [[nodiscard]] bool has_stale(Time now) const;
  // Waiting would not help: the answer is fresh, or it is stale and the servers are down or slow.
  [[nodiscard]] bool is_settled(Time now) const;
  // How long a caller waits for a fresh answer.
  [[nodiscard]] std::chrono::milliseconds patience(Time now, std::chrono::milliseconds timeout) const;

  // The result for a caller now: fresh, stale or `unreachable`. Never waits.
  [[nodiscard]] Resolution resolution(Time now, Balancer::Random& random) const;
  [[nodiscard]] Choice choice(const PickOptions& options, std::span<const Endpoint> tried, Time now,
                              Balancer::Random& random);

 private:
  struct Standing {
    Status status;
    bool is_stale;
    std::string message;
  };
  [[nodiscard]] Standing standing(Time now) const;
  [[nodiscard]] bool is_of_interest(Time now) const;

  dns::Name name_;
  CacheRules rules_;
  Balancer balancer_;
  Status status_ = Status::unreachable;  // status of the last answer
  std::string message_;
  Time answered_at_{};
  Time refresh_at_{};
  Time ends_at_{};  // initially in the past: not fresh
  std::optional<Time> asked_at_;
  bool is_answered_ = false;
  bool is_used_ = false;    // a caller used it since the last answer
  bool is_wanted_ = false;  // a caller used it while it was not fresh
  Time last_used_{};
  unsigned failures_ = 0;  // since the last answer
  Time failed_at_{};
  Time retry_at_{};
  std::string trouble_;
};

}  // namespace rollcall::client
