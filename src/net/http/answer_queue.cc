#include "net/http/answer_queue.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "net/http/response_head.h"

namespace rollcall::net {

void put_response(Outbox& out, api::Response response, const Framing& framing) {
  write_head(out.tail(), response, framing.keep_alive, framing.version);
  if (!framing.is_head) out.append(std::move(response.body));
}

bool AnswerQueue::is_full() const { return line_.size() >= limits::k_http_pipeline_max; }

AnswerQueue::Ticket AnswerQueue::take_place(Framing framing, Awaits awaits, std::size_t reserved, Time due) {
  check(awaits == Awaits::change || line_.empty(), "a call that reads is routed when nothing is ahead of it");
  check(reads_ == 0, "nothing is routed behind a call that reads");
  line_.push_back({.framing = framing, .awaits = awaits, .reserved = reserved, .due = due});
  bytes_ += reserved;
  if (awaits != Awaits::change) ++reads_;
  return Ticket(first_ + line_.size() - 1);
}

void AnswerQueue::add(api::Response response, Framing framing) {
  Place place{.framing = framing, .response = std::move(response)};
  place.reserved = place.response->body.capacity();
  bytes_ += place.reserved;
  line_.push_back(std::move(place));
}

// Only what is there and has no answer yet.
AnswerQueue::Place* AnswerQueue::find(Ticket ticket) {
  if (ticket.number_ < first_ || ticket.number_ - first_ >= line_.size()) return nullptr;
  Place& place = line_[static_cast<std::size_t>(ticket.number_ - first_)];
  return place.response ? nullptr : &place;
}

const AnswerQueue::Place* AnswerQueue::find(Ticket ticket) const {
  return const_cast<AnswerQueue*>(this)->find(ticket);
}

bool AnswerQueue::answer(Ticket ticket, api::Response response) {
  Place* const place = find(ticket);
  if (place == nullptr) return false;
  fill(*place, std::move(response));
  return true;
}

bool AnswerQueue::answer_last(Ticket ticket, api::Response response) {
  Place* const place = find(ticket);
  if (place == nullptr) return false;
  place->framing.keep_alive = false;
  fill(*place, std::move(response));
  return true;
}

void AnswerQueue::fill(Place& place, api::Response response) {
  leave(place);
  place.waiting.reset();
  place.reserved = response.body.capacity();
  bytes_ += place.reserved;
  place.response = std::move(response);
}

void AnswerQueue::leave(const Place& place) {
  bytes_ -= place.reserved;
  if (place.response) return;
  if (place.awaits != Awaits::change) --reads_;
  if (place.waiting) --waits_;
}

void AnswerQueue::keep(Ticket ticket, std::shared_ptr<Waiting> waiting) {
  Place* const place = find(ticket);
  check(place != nullptr && !place->waiting, "a wait begins once, for somebody who is there");
  place->waiting = std::move(waiting);
  place->due = Time::max();
  ++waits_;
}

std::shared_ptr<Waiting> AnswerQueue::take_waiting(Ticket ticket) {
  Place* const place = find(ticket);
  if (place == nullptr || !place->waiting) return nullptr;
  --waits_;
  return std::exchange(place->waiting, nullptr);
}

void AnswerQueue::await_list(Ticket ticket, Time due) {
  Place* const place = find(ticket);
  check(place != nullptr && place->awaits != Awaits::change, "what becomes a list was a read");
  place->awaits = Awaits::list;
  place->due = due;
}

std::vector<AnswerQueue::Ticket> AnswerQueue::waits() const {
  std::vector<Ticket> tickets;
  for (std::size_t i = 0; i < line_.size(); ++i) {
    if (line_[i].waiting) tickets.push_back(Ticket(first_ + i));
  }
  return tickets;
}

std::vector<AnswerQueue::Awaited> AnswerQueue::pending() const {
  std::vector<Awaited> found;
  for (std::size_t i = 0; i < line_.size(); ++i) {
    if (!line_[i].response && !line_[i].waiting) found.push_back({Ticket(first_ + i), line_[i].awaits});
  }
  return found;
}

std::optional<AnswerQueue::Time> AnswerQueue::next_due() const {
  for (const Place& place : line_) {
    if (!place.response && place.due != Time::max()) return place.due;
  }
  return std::nullopt;
}

void AnswerQueue::move_ready(Outbox& out) {
  while (!line_.empty() && line_.front().response) {
    Place& place = line_.front();
    bytes_ -= place.reserved;
    put_response(out, std::move(*place.response), place.framing);
    line_.pop_front();
    ++first_;
  }
}

void AnswerQueue::clear() {
  first_ += line_.size();
  line_.clear();
  bytes_ = reads_ = waits_ = 0;
}

}  // namespace rollcall::net
