#include "client/cache_entry.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace rollcall::client {

using std::chrono::milliseconds;

bool CacheEntry::note_use(Time now) {
  const bool changes = !is_used_ || (!is_wanted_ && !is_fresh(now)) || !is_of_interest(now);
  last_used_ = now;
  is_used_ = true;
  is_wanted_ |= !is_fresh(now);
  return changes;
}

void CacheEntry::note_asked(Time now) {
  asked_at_ = now;
  is_wanted_ = false;
}

void CacheEntry::note_found(Found found, Time now) {
  asked_at_.reset();
  is_wanted_ = false;
  if (found.status == Status::unreachable) {
    const milliseconds wait = limits::k_client_retry_min * (1U << std::min(failures_, 10U));
    retry_at_ = now + std::min(wait, limits::k_client_retry_max);
    failed_at_ = now;
    ++failures_;
    trouble_ = std::move(found.message);
    return;
  }
  status_ = found.status;
  message_ = std::move(found.message);
  balancer_.set_endpoints(std::move(found.endpoints));
  answered_at_ = now;
  refresh_at_ = now + found.ttl * 4 / 5;
  ends_at_ = now + found.ttl;
  is_answered_ = true;
  is_used_ = false;
  failures_ = 0;
  trouble_.clear();
}

bool CacheEntry::wants_question(Time now) const {
  const std::optional<Time> next = next_question(now);
  return next && now >= *next;
}

std::optional<CacheEntry::Time> CacheEntry::next_question(Time now) const {
  if (asked_at_) return std::nullopt;
  if (failures_ > 0) return is_of_interest(now) || is_wanted_ ? std::optional(retry_at_) : std::nullopt;
  if (is_wanted_) return now;
  if (!is_used_ || ends_at_ == answered_at_) return std::nullopt;
  return refresh_at_;
}

bool CacheEntry::has_stale(Time now) const {
  return is_answered_ && status_ == Status::found && now < ends_at_ + rules_.stale_for;
}

bool CacheEntry::is_settled(Time now) const {
  if (is_fresh(now)) return true;
  if (!has_stale(now)) return false;
  const bool is_away = failures_ > 0 && now < failed_at_ + limits::k_client_away;
  const bool is_slow = asked_at_ && now >= *asked_at_ + rules_.patience;
  return is_away || is_slow;
}

milliseconds CacheEntry::patience(Time now, milliseconds timeout) const {
  return has_stale(now) ? std::min(rules_.patience, timeout) : timeout;
}

CacheEntry::Standing CacheEntry::standing(Time now) const {
  // An answer that has just expired still counts as good for the callers that waited for it: needed for a TTL of 0.
  const bool is_good = is_answered_ && failures_ == 0 && !is_wanted_ && !asked_at_;
  if (is_fresh(now) || is_good) return {status_, false, message_};
  const std::string why = trouble_.empty() ? name_.text_without_dot() + " is not answered in time" : trouble_;
  if (has_stale(now)) return {status_, true, why};
  return {Status::unreachable, false, why};
}

bool CacheEntry::is_of_interest(Time now) const { return now < last_used_ + limits::k_client_interest; }

Resolution CacheEntry::resolution(Time now, Balancer::Random& random) const {
  Standing standing = this->standing(now);
  Resolution resolution{
      .status = standing.status, .is_stale = standing.is_stale, .message = std::move(standing.message)};
  if (is_answered_) resolution.age = std::chrono::duration_cast<milliseconds>(now - answered_at_);
  if (resolution) resolution.endpoints = balancer_.in_order(random);
  return resolution;
}

Choice CacheEntry::choice(const PickOptions& options, std::span<const Endpoint> tried, Time now,
                          Balancer::Random& random) {
  Standing standing = this->standing(now);
  Choice choice{.status = standing.status, .is_stale = standing.is_stale, .message = std::move(standing.message)};
  if (!choice) return choice;
  if (auto endpoint = balancer_.pick(options, now, random, tried)) {
    choice.endpoint = std::move(*endpoint);
    return choice;
  }
  choice.status = Status::all_failed;
  choice.message = "every endpoint of " + name_.text_without_dot() + " has been tried";
  return choice;
}

}  // namespace rollcall::client
