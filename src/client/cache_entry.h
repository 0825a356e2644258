// What is known of one name, how good it still is, and when to ask again.
//
// Shape    pure. The last answer with the instant it ends; since then, failures. `found` endpoints are the Balancer's.
// Rules    fresh until its TTL is over. In use, it is asked for again when four fifths of that have passed. After a
//          failure, again soon, twice as late each time, while somebody is interested. A good answer that has ended may
//          stand in for `stale_for`.
// Time     an argument.
// Threads  one at a time.
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

  // Somebody wants it. True: that changes when it is to be asked for.
  bool note_use(Time now);
  void note_asked(Time now);
  void note_found(Found found, Time now);

  // Whether it is to be asked for now; and if not, when to look again (none: when somebody wants it).
  [[nodiscard]] bool wants_question(Time now) const;
  [[nodiscard]] std::optional<Time> next_question(Time now) const;

  [[nodiscard]] bool is_fresh(Time now) const { return now < ends_at_; }
  // A good answer that has ended, and may stand in still.
  [[nodiscard]] bool has_stale(Time now) const;
  // Nothing better is to be had by waiting: it is fresh, or it is stale and the servers are known to be away.
  [[nodiscard]] bool is_settled(Time now) const;
  // How long a caller waits for something better.
  [[nodiscard]] std::chrono::milliseconds patience(Time now, std::chrono::milliseconds timeout) const;

  // As of now, whatever it is.
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
  Status status_ = Status::unreachable;  // of the last answer
  std::string message_;
  Time answered_at_{};
  Time refresh_at_{};
  Time ends_at_{};  // at the start: nothing is fresh
  std::optional<Time> asked_at_;
  bool is_answered_ = false;
  bool is_used_ = false;    // since the last answer
  bool is_wanted_ = false;  // by somebody for whom it was not fresh
  Time last_used_{};
  unsigned failures_ = 0;  // since the last answer
  Time failed_at_{};
  Time retry_at_{};
  std::string trouble_;
};

}  // namespace rollcall::client
