#include "net/http/waiting.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"

namespace rollcall::net {

void WaitRoom::close() {
  is_closed_ = true;
  for (Waiting* waiting : all_) waiting->end_soon();
}

Waiting::Waiting(EventLoop& loop, WaitRoom& room, api::Wait wait, Over over)
    : Deadline(loop), loop_(loop), room_(room), wait_(std::move(wait)), over_(std::move(over)) {
  room_.all_.insert(this);
  room_.counters_.waiting.fetch_add(1, std::memory_order_relaxed);
}

Waiting::~Waiting() {
  room_.all_.erase(this);
  room_.counters_.waiting.fetch_sub(1, std::memory_order_relaxed);
}

// First the seat, then the check: so no change in between is missed.
Waiting::Begun Waiting::begin() {
  check(!seat_ && over_, "a wait begins once");
  if (room_.is_closed_ || wait_.at_most <= std::chrono::milliseconds::zero()) return Begun::is_over;
  if (wait_.until) {
    seat_ = wait_.until->take_seat([&loop = loop_, weak = weak_from_this()] { loop.post([weak] { end(weak); }); });
    if (!seat_) return Begun::full;
    if (wait_.until->is_over()) return Begun::is_over;
  }
  ends_at_ = std::chrono::steady_clock::now() + wait_.at_most;
  expires_after(next_look());
  return Begun::waits;
}

// How long only the seat can end the wait. Zero: it is over.
std::chrono::milliseconds Waiting::next_look() {
  const auto until_end = std::chrono::ceil<std::chrono::milliseconds>(ends_at_ - std::chrono::steady_clock::now());
  const auto left = wait_.left ? std::min(until_end, wait_.left(room_.clock_.now())) : until_end;
  return std::max(left, std::chrono::milliseconds::zero());
}

void Waiting::on_deadline() {
  const std::chrono::milliseconds left = next_look();
  if (left == std::chrono::milliseconds::zero()) return end_soon();
  expires_after(left);
}

// On the loop. The wait may have been dropped meanwhile, or be over already.
void Waiting::end(const std::weak_ptr<Waiting>& which) {
  const std::shared_ptr<Waiting> waiting = which.lock();
  if (!waiting) return;
  if (const Over over = std::exchange(waiting->over_, nullptr)) over();
}

// Not at once, because the caller may be iterating over the waiting calls.
void Waiting::end_soon() {
  loop_.post([weak = weak_from_this()] { end(weak); });
}

}  // namespace rollcall::net
