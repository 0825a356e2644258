// Which of a service's endpoints to take: the policies of Resolver, by themselves.
//
// Shape    pure: time and randomness are arguments, nothing is asked, nobody is called. A Balancer holds the endpoints of
//          one service and what is known about each: failures, load. Whoever has endpoints from elsewhere may use it
//          without a Resolver.
// Rules    1. An endpoint that has failed is set aside for `aside_min`, twice as long with every further failure, up to
//             `aside_max`. When that time is over one caller is given it; the others follow after `trial`, unless it has
//             failed again, or at once when it is reported well.
//          2. Among those not set aside the best priority counts, and the policy decides within it (RFC 2782).
//          3. When all are set aside, the one whose failure is the longest ago is taken: trying beats giving up.
// Threads  one at a time.
// Language C++20.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "rollcall/endpoint.h"

namespace rollcall {

enum class Policy : std::uint8_t {
  weighted,               // at random, each by its share of the weights (RFC 2782); a weight of 0 is a hundredth of 1
  round_robin,            // one after the other, from a random first one; weights do not count
  least_recently_failed,  // whoever has never failed, by weight; else whose failure is the longest ago
  consistent_hash,        // the same key, the same endpoint; when one leaves, only its keys move (rendezvous, weighted)
  two_choices,            // of two at random the one with less load for its weight (`report_load`)
};

struct BalancerSettings {
  std::chrono::milliseconds aside_min{1'000};
  std::chrono::milliseconds aside_max{30'000};
  std::chrono::milliseconds trial{1'000};
};

struct PickOptions {
  Policy policy = Policy::weighted;
  std::string key = {};  // of consistent_hash
};

class [[gnu::visibility("default")]] Balancer {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Random = std::mt19937_64;

  explicit Balancer(const BalancerSettings& settings = {});
  ~Balancer();
  Balancer(Balancer&&) noexcept;
  Balancer& operator=(Balancer&&) noexcept;

  // Replaces the endpoints. What is known about those that stay is kept; of two that are the same the first counts.
  void set_endpoints(std::vector<Endpoint> endpoints);

  // Empty when there is no endpoint, or all are in `tried`.
  [[nodiscard]] std::optional<Endpoint> pick(const PickOptions& options, Time now, Random& random,
                                             std::span<const Endpoint> tried = {});
  // All of them in the order to try them in: by priority, within it a fresh weighted random order (RFC 2782).
  [[nodiscard]] std::vector<Endpoint> in_order(Random& random) const;

  // What callers have seen. An endpoint that is not among these is ignored.
  void report_failure(const Endpoint& endpoint, Time now);
  void report_success(const Endpoint& endpoint);
  // Any measure of work: requests in flight, a queue's length, a moving average. Stays until the next report.
  void report_load(const Endpoint& endpoint, double load);

  [[nodiscard]] bool is_set_aside(const Endpoint& endpoint, Time now) const;
  [[nodiscard]] std::size_t size() const;

 private:
  class Seats;
  std::unique_ptr<Seats> seats_;
};

}  // namespace rollcall
