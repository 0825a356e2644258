// Client-side load balancing: chooses one of the endpoints of a service. Resolver uses it; it also works alone.
//
// Shape    pure: the caller passes the time and the random generator; there is no I/O. A Balancer holds the endpoints
//          of one service, and the failures and the load of each. A program that gets its endpoints from another source
//          can use it without a Resolver.
// Rules    1. Back-off: an endpoint that has failed is set aside (not chosen) for `aside_min`. Each further failure
//             doubles that time, up to `aside_max`. When the time is over, the endpoint is on trial: one caller gets
//             it. The other callers get it after `trial` if it has not failed again, or as soon as a success is
//             reported.
//          2. Of the endpoints that are not set aside, only those with the best priority are candidates; the policy
//             chooses among them (RFC 2782).
//          3. If all endpoints are set aside, the one with the oldest failure is chosen: a try is better than no try.
// Owner    the caller owns it. A Balancer keeps its own copy of the endpoints.
// Threads  not thread-safe: one thread at a time.
// Failure  no error values: `pick` returns nothing when there is no endpoint to choose.
// Language C++20.
// Source   RFC 2782 (priority and weight).
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
  weighted,               // random, in proportion to the weights (RFC 2782); a weight of 0 counts as 0.01
  round_robin,            // in turn, from a random start; ignores weights
  least_recently_failed,  // endpoints that never failed, by weight; if all have failed, the oldest failure
  consistent_hash,        // weighted rendezvous hashing: a key keeps its endpoint; if one leaves, only its keys move
  two_choices,            // of two random endpoints, the one with the lower load per weight (`report_load`)
};

struct BalancerSettings {
  std::chrono::milliseconds aside_min{1'000};
  std::chrono::milliseconds aside_max{30'000};
  std::chrono::milliseconds trial{1'000};
};

struct PickOptions {
  Policy policy = Policy::weighted;
  std::string key = {};  // the hash key; only for consistent_hash
};

class [[gnu::visibility("default")]] Balancer {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Random = std::mt19937_64;

  explicit Balancer(const BalancerSettings& settings = {});
  ~Balancer();
  Balancer(Balancer&&) noexcept;
  Balancer& operator=(Balancer&&) noexcept;

  // Replaces the endpoints. An endpoint that stays keeps its failures and its load. If the list has duplicates (same
  // target and port), the first one is used.
  void set_endpoints(std::vector<Endpoint> endpoints);

  // Chooses one endpoint that is not in `tried`. Returns nothing if there is none.
  [[nodiscard]] std::optional<Endpoint> pick(const PickOptions& options, Time now, Random& random,
                                             std::span<const Endpoint> tried = {});
  // All endpoints, in the order in which to try them: by priority, and within a priority in a new weighted random order
  // (RFC 2782).
  [[nodiscard]] std::vector<Endpoint> in_order(Random& random) const;

  // Callers report the result of using an endpoint. Reports for an unknown endpoint are ignored.
  void report_failure(const Endpoint& endpoint, Time now);
  void report_success(const Endpoint& endpoint);
  // `load` is any measure of work: requests in flight, queue length, a moving average. It is kept until the next
  // report.
  void report_load(const Endpoint& endpoint, double load);

  [[nodiscard]] bool is_set_aside(const Endpoint& endpoint, Time now) const;
  [[nodiscard]] std::size_t size() const;

 private:
  class Seats;
  std::unique_ptr<Seats> seats_;
};

}  // namespace rollcall
