#include "cluster/node/catch_up.h"

#include "cluster/timing.h"

namespace rollcall::cluster {
namespace {

constexpr seconds k_ask_again{1};
// Between two passes: the program was stopped. A shorter pause is no other than a watch that is late.
constexpr seconds k_stopped{2};

}  // namespace

void CatchUp::begin() {
  ++number_;
  is_caught_up_ = false;
  asked_.reset();
  target_.reset();
}

bool CatchUp::look(const Seen& seen) {
  const std::lock_guard lock(mutex_);
  const bool was_stopped = looked_ && seen.now - *looked_ > k_stopped;
  looked_ = seen.now;
  const bool goes_on = is_in_touch_ && seen.contact == contact_ && !was_stopped;
  is_in_touch_ = seen.in_touch;
  contact_ = seen.contact;
  if (!goes_on || !seen.in_touch) begin();
  is_caught_up_ = is_caught_up_ || (target_ && seen.applied >= *target_);
  return is_caught_up_;
}

std::optional<std::uint64_t> CatchUp::question(Time now) {
  const std::lock_guard lock(mutex_);
  if (!is_in_touch_ || is_caught_up_ || target_ || (asked_ && now - *asked_ < k_ask_again)) return std::nullopt;
  asked_ = now;
  return ++number_;
}

void CatchUp::answered(std::uint64_t number, std::optional<Revision> newest) {
  const std::lock_guard lock(mutex_);
  if (number == number_) target_ = newest;
}

}  // namespace rollcall::cluster
