#include "client/seats.h"

#include <algorithm>
#include <utility>

#include "client/endpoint_key.h"

namespace rollcall::client {
namespace {

std::vector<std::string> keys_of(std::span<const Endpoint> endpoints) {
  std::vector<std::string> keys;
  for (const Endpoint& endpoint : endpoints) keys.push_back(key_of(endpoint));
  return keys;
}

bool is_among(const std::vector<std::string>& keys, const Seat& seat) {
  return std::ranges::find(keys, seat.key) != keys.end();
}

}  // namespace

void SeatTable::replace(std::vector<Endpoint> endpoints) {
  std::vector<Seat> seats;
  seats.reserve(endpoints.size());
  for (Endpoint& endpoint : endpoints) {
    Seat seat;
    if (const Seat* known = find(endpoint)) seat = *known;
    seat.key = key_of(endpoint);
    seat.hash = hash_of(seat.key);
    seat.endpoint = std::move(endpoint);
    seats.push_back(std::move(seat));
  }
  std::ranges::stable_sort(seats, {}, &Seat::key);
  const auto doubles = std::ranges::unique(seats, {}, &Seat::key);
  seats.erase(doubles.begin(), doubles.end());
  seats_ = std::move(seats);
}

void SeatTable::set_aside(const Endpoint& endpoint, Time now) {
  Seat* seat = find(endpoint);
  if (seat == nullptr) return;
  // If the last failure is long ago, the back-off starts again from its minimum.
  if (seat->last_failed && now - *seat->last_failed > 2 * settings_.aside_max) seat->failures = 0;
  seat->last_failed = now;
  // Concurrent callers report the same outage: count it as one failure.
  if (now < seat->aside_until && !seat->is_on_trial) return;
  std::chrono::milliseconds aside = settings_.aside_min;
  for (unsigned i = 0; i < seat->failures && aside < settings_.aside_max; ++i) aside *= 2;
  seat->aside_until = now + std::min(aside, settings_.aside_max);
  seat->is_on_trial = false;
  ++seat->failures;
}

void SeatTable::take_back(const Endpoint& endpoint) {
  Seat* seat = find(endpoint);
  if (seat == nullptr) return;
  seat->failures = 0;
  seat->is_on_trial = false;
  seat->aside_until = {};
}

void SeatTable::set_load(const Endpoint& endpoint, double load) {
  if (Seat* seat = find(endpoint)) seat->load = load;
}

bool SeatTable::is_set_aside(const Endpoint& endpoint, Time now) const {
  const std::size_t at = position_of(endpoint);
  return at < seats_.size() && now < seats_[at].aside_until;
}

void SeatTable::candidates(Time now, std::span<const Endpoint> tried, std::vector<Seat*>& open) {
  const std::vector<std::string> keys = keys_of(tried);
  open.clear();
  for (Seat& seat : seats_) {
    if (now < seat.aside_until || is_among(keys, seat)) continue;
    if (!open.empty() && seat.endpoint.priority > open.front()->endpoint.priority) continue;
    if (!open.empty() && seat.endpoint.priority < open.front()->endpoint.priority) open.clear();
    open.push_back(&seat);
  }
}

Seat* SeatTable::longest_ago(std::span<const Endpoint> tried) {
  const std::vector<std::string> keys = keys_of(tried);
  Seat* longest = nullptr;
  for (Seat& seat : seats_) {
    if (is_among(keys, seat)) continue;
    if (longest == nullptr || seat.last_failed < longest->last_failed) longest = &seat;
  }
  return longest;
}

void SeatTable::begin_trial(Seat& seat, Time now) const {
  if (seat.failures == 0 || seat.is_on_trial) return;
  seat.is_on_trial = true;
  seat.aside_until = std::max(seat.aside_until, now + settings_.trial);
}

Seat* SeatTable::find(const Endpoint& endpoint) {
  const std::size_t at = position_of(endpoint);
  return at < seats_.size() ? &seats_[at] : nullptr;
}

std::size_t SeatTable::position_of(const Endpoint& endpoint) const {
  const std::string key = key_of(endpoint);
  const auto at = std::ranges::lower_bound(seats_, key, {}, &Seat::key);
  const bool is_there = at != seats_.end() && at->key == key;
  return is_there ? static_cast<std::size_t>(at - seats_.begin()) : seats_.size();
}

}  // namespace rollcall::client
