#include "net/http/answer_queue.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::net {

bool AnswerQueue::is_full() const { return slots_.size() >= limits::k_http_pipeline_max; }

AnswerQueue::Ticket AnswerQueue::reserve(Framing framing, Awaits awaits, std::size_t held, Time due) {
  check(awaits == Awaits::change || slots_.empty(), "a call that reads is routed when nothing is ahead of it");
  check(reads_ == 0, "nothing is routed behind a call that reads");
  slots_.push_back({.framing = framing, .awaits = awaits, .held = held, .due = due});
  bytes_ += held;
  if (awaits != Awaits::change) ++reads_;
  return Ticket(first_ + slots_.size() - 1);
}

void AnswerQueue::add(api::Response response, Framing framing) {
  check(!slots_.empty() && reads_ == 0, "an answer is queued only behind changes");
  Slot slot{.framing = framing, .response = std::move(response)};
  slot.held = slot.response->body.capacity();
  bytes_ += slot.held;
  slots_.push_back(std::move(slot));
}

// Null: the slot is gone, or has its answer.
AnswerQueue::Slot* AnswerQueue::find(Ticket ticket) {
  if (ticket.number_ < first_ || ticket.number_ - first_ >= slots_.size()) return nullptr;
  Slot& slot = slots_[static_cast<std::size_t>(ticket.number_ - first_)];
  return slot.response ? nullptr : &slot;
}

const AnswerQueue::Slot* AnswerQueue::find(Ticket ticket) const { return const_cast<AnswerQueue*>(this)->find(ticket); }

bool AnswerQueue::answer(Ticket ticket, api::Response response) {
  Slot* const slot = find(ticket);
  if (slot == nullptr) return false;
  fill(*slot, std::move(response));
  return true;
}

bool AnswerQueue::answer_last(Ticket ticket, api::Response response) {
  Slot* const slot = find(ticket);
  if (slot == nullptr) return false;
  slot->framing.keep_alive = false;
  fill(*slot, std::move(response));
  return true;
}

void AnswerQueue::fill(Slot& slot, api::Response response) {
  uncount(slot);
  slot.waiting.reset();
  slot.held = response.body.capacity();
  bytes_ += slot.held;
  slot.response = std::move(response);
}

void AnswerQueue::uncount(const Slot& slot) {
  check(bytes_ >= slot.held, "what is subtracted was added");
  bytes_ -= slot.held;
  if (slot.response) return;
  if (slot.awaits != Awaits::change) --reads_;
  if (slot.waiting) --waits_;
}

void AnswerQueue::keep(Ticket ticket, std::shared_ptr<Waiting> waiting) {
  Slot* const slot = find(ticket);
  check(slot != nullptr && !slot->waiting, "a wait begins once, for an answer that is awaited");
  slot->waiting = std::move(waiting);
  slot->due = Time::max();
  ++waits_;
}

std::shared_ptr<Waiting> AnswerQueue::take_waiting(Ticket ticket) {
  Slot* const slot = find(ticket);
  if (slot == nullptr || !slot->waiting) return nullptr;
  --waits_;
  return std::exchange(slot->waiting, nullptr);
}

void AnswerQueue::await_list(Ticket ticket, Time due) {
  Slot* const slot = find(ticket);
  check(slot != nullptr && slot->awaits != Awaits::change, "what becomes a list was a read");
  slot->awaits = Awaits::list;
  slot->due = due;
}

std::vector<AnswerQueue::Ticket> AnswerQueue::waits() const {
  std::vector<Ticket> tickets;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].waiting) tickets.push_back(Ticket(first_ + i));
  }
  return tickets;
}

std::vector<AnswerQueue::Awaited> AnswerQueue::pending() const {
  std::vector<Awaited> found;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].response && !slots_[i].waiting) found.push_back({Ticket(first_ + i), slots_[i].awaits});
  }
  return found;
}

std::optional<AnswerQueue::Time> AnswerQueue::next_due() const {
  for (const Slot& slot : slots_) {
    if (!slot.response && slot.due != Time::max()) return slot.due;
  }
  return std::nullopt;
}

void AnswerQueue::move_ready(Outbox& out) {
  while (!slots_.empty() && slots_.front().response) {
    Slot& slot = slots_.front();
    check(bytes_ >= slot.held && !slot.waiting, "an answered slot waits for nothing");
    bytes_ -= slot.held;
    put_response(out, std::move(*slot.response), slot.framing);
    slots_.pop_front();
    ++first_;
  }
}

void AnswerQueue::clear() {
  first_ += slots_.size();
  slots_.clear();
  bytes_ = reads_ = waits_ = 0;
}

}  // namespace rollcall::net
