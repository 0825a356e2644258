#include "rollcall/balancer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "client/endpoint_key.h"
#include "client/seats.h"

namespace rollcall {
namespace {

using client::Seat;
using client::unit;

constexpr double k_weight_of_zero = 0.01;  // "a very small chance of being selected" (RFC 2782)

double share_of(const Endpoint& endpoint) {
  return endpoint.weight == 0 ? k_weight_of_zero : static_cast<double>(endpoint.weight);
}

std::uint32_t below(std::size_t bound, Balancer::Random& random) {
  return static_cast<std::uint32_t>(unit(random) * static_cast<double>(bound));
}

}  // namespace

// The endpoints with their state (failures, load), and the load-balancing policies.
class Balancer::Seats : public client::SeatTable {
 public:
  using SeatTable::SeatTable;

  Seat* choose(const PickOptions& options, Time now, Random& random, std::span<const Endpoint> tried) {
    candidates(now, tried, open_);
    Seat* chosen = open_.empty() ? longest_ago(tried) : by_policy(options, random);
    if (chosen != nullptr) begin_trial(*chosen, now);
    return chosen;
  }

 private:
  Seat* by_policy(const PickOptions& options, Random& random) {
    switch (options.policy) {
      case Policy::weighted: return by_weight(random);
      case Policy::round_robin: return next_in_turn(random);
      case Policy::least_recently_failed: return least_recently_failed(random);
      case Policy::consistent_hash: return by_key(options.key);
      case Policy::two_choices: return less_loaded_of_two(random);
    }
    return nullptr;
  }

  Seat* by_weight(Random& random) {
    double sum = 0;
    for (const Seat* seat : open_) sum += share_of(seat->endpoint);
    double left = unit(random) * sum;
    for (Seat* seat : open_) {
      left -= share_of(seat->endpoint);
      if (left < 0) return seat;
    }
    return open_.back();  // floating-point rounding can leave a remainder
  }

  // Round robin by key order: the endpoint after the last chosen key. This also works when the endpoints have changed.
  Seat* next_in_turn(Random& random) {
    if (last_turn_.empty()) {
      Seat* first = open_[below(open_.size(), random)];
      last_turn_ = first->key;
      return first;
    }
    const auto next = std::ranges::upper_bound(open_, last_turn_, {}, &Seat::key);
    Seat* chosen = next == open_.end() ? open_.front() : *next;
    last_turn_ = chosen->key;
    return chosen;
  }

  Seat* least_recently_failed(Random& random) {
    std::optional<Time> earliest = open_.front()->last_failed;
    // std::nullopt (never failed) is smaller than any time.
    for (const Seat* seat : open_) earliest = std::min(earliest, seat->last_failed);
    std::erase_if(open_, [&](const Seat* seat) { return seat->last_failed != earliest; });
    return by_weight(random);
  }

  // Weighted rendezvous hashing (highest random weight): each endpoint gets a score from the hash of the key and of its
  // own name; the highest score wins. The score -weight / ln(u) makes each endpoint win in proportion to its weight. A
  // score does not depend on the other endpoints, so a change of one endpoint moves only its own keys.
  Seat* by_key(std::string_view key) {
    const std::uint64_t hash = client::hash_of(key);
    Seat* best = nullptr;
    double best_score = 0;
    for (Seat* seat : open_) {
      const double score = -share_of(seat->endpoint) / std::log(client::lot(hash, seat->hash));
      if (best == nullptr || score > best_score) {
        best = seat;
        best_score = score;
      }
    }
    return best;
  }

  Seat* less_loaded_of_two(Random& random) {
    const std::uint32_t count = static_cast<std::uint32_t>(open_.size());
    if (count == 1) return open_.front();
    const std::uint32_t first = below(count, random);
    const std::uint32_t second = (first + 1 + below(count - 1, random)) % count;
    const auto relative_load = [](const Seat* seat) { return seat->load / share_of(seat->endpoint); };
    return relative_load(open_[second]) < relative_load(open_[first]) ? open_[second] : open_[first];
  }

  std::vector<Seat*> open_;  // a member, to reuse its memory
  std::string last_turn_;
};

Balancer::Balancer(const BalancerSettings& settings) : seats_(std::make_unique<Seats>(settings)) {}
Balancer::~Balancer() = default;
Balancer::Balancer(Balancer&&) noexcept = default;
Balancer& Balancer::operator=(Balancer&&) noexcept = default;

void Balancer::set_endpoints(std::vector<Endpoint> endpoints) { seats_->replace(std::move(endpoints)); }

std::optional<Endpoint> Balancer::pick(const PickOptions& options, Time now, Random& random,
                                       std::span<const Endpoint> tried) {
  const Seat* chosen = seats_->choose(options, now, random, tried);
  if (chosen == nullptr) return std::nullopt;
  return chosen->endpoint;
}

// Weighted random order: each endpoint draws an exponential variate with its weight as the rate, and the variates are
// sorted. At each position the probability of an endpoint is then its share of the remaining weights. See Efraimidis
// and Spirakis, "Weighted random sampling with a reservoir" (2006).
std::vector<Endpoint> Balancer::in_order(Random& random) const {
  std::vector<std::pair<double, const Endpoint*>> drawn;
  for (const Seat& seat : seats_->all()) {
    drawn.emplace_back(-std::log(1.0 - unit(random)) / share_of(seat.endpoint), &seat.endpoint);
  }
  std::ranges::sort(drawn, {}, [](const auto& each) { return std::pair(each.second->priority, each.first); });
  std::vector<Endpoint> ordered;
  ordered.reserve(drawn.size());
  for (const auto& [lot, endpoint] : drawn) ordered.push_back(*endpoint);
  return ordered;
}

void Balancer::report_failure(const Endpoint& endpoint, Time now) { seats_->set_aside(endpoint, now); }
void Balancer::report_success(const Endpoint& endpoint) { seats_->take_back(endpoint); }
void Balancer::report_load(const Endpoint& endpoint, double load) { seats_->set_load(endpoint, load); }
bool Balancer::is_set_aside(const Endpoint& endpoint, Time now) const { return seats_->is_set_aside(endpoint, now); }
std::size_t Balancer::size() const { return seats_->all().size(); }

}  // namespace rollcall
