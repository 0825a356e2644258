#include "net/http/pending_answers.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "api/problem.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::net {
namespace {

using std::chrono::steady_clock;

// Why an answer does not come.
api::Response late(AnswerQueue::Awaits what) {
  switch (what) {
    case AnswerQueue::Awaits::change:
      return api::problem(
          api::Fault::outcome_unknown,
          "the change has waited too long for the disk, and may still be made: ask for the instance, or send it again");
    case AnswerQueue::Awaits::history:
      return api::problem(
          api::Fault::history_too_slow,
          "the history was not read in time, because the disk is slow or many ask for it: ask again in a "
          "few seconds, with a smaller limit");
    case AnswerQueue::Awaits::list:
      return api::problem(api::Fault::answer_too_slow,
                          "the list was not made in time, because many ask for long ones: ask again in "
                          "a few seconds, for a part where that will do");
    case AnswerQueue::Awaits::event: break;
  }
  return api::problem(api::Fault::answer_too_slow, "the answer was not made in time: ask again in a second");
}

}  // namespace

void PendingAnswers::take(api::Routed routed, const Framing& framing, std::size_t body_bytes) {
  check(!is_blocked(), "the session asks before it routes");
  if (api::Response* response = std::get_if<api::Response>(&routed)) {
    add(std::move(*response), framing);
  } else if (api::Submission* submission = std::get_if<api::Submission>(&routed)) {
    submit(std::move(*submission), framing, body_bytes);
  } else if (api::Submissions* submissions = std::get_if<api::Submissions>(&routed)) {
    submit(std::move(*submissions), framing, body_bytes);
  } else if (api::OtherChange* other = std::get_if<api::OtherChange>(&routed)) {
    submit(std::move(*other), framing, body_bytes);
  } else if (api::HistoryRequest* request = std::get_if<api::HistoryRequest>(&routed)) {
    ask(std::move(*request), framing);
  } else if (api::LongAnswer* list = std::get_if<api::LongAnswer>(&routed)) {
    const Ticket ticket = queue_.reserve(framing, Awaits::list, 0, AnswerQueue::Time::max());
    make_list(ticket, [make = std::move(list->make), &clock = backend_.clock]() mutable { return make(clock.now()); });
  } else {
    begin_wait(queue_.reserve(framing, Awaits::event, 0, AnswerQueue::Time::max()),
               std::move(std::get<api::Wait>(routed)));
  }
}

// With nothing unanswered ahead of it, the answer needs no slot.
void PendingAnswers::add(api::Response response, const Framing& framing) {
  if (!queue_.empty()) return queue_.add(std::move(response), framing);
  put_response(outbox_, std::move(response), framing);
}

void PendingAnswers::close() {
  queue_.clear();
  late_.cancel_deadline();
}

// Every answer that comes later is delivered here, on this loop; one that is not awaited any more is dropped.
void PendingAnswers::answer_later(Ticket ticket, std::variant<api::Response, api::Wait> answer) {
  if (!queue_.is_awaited(ticket)) return;
  if (api::Wait* const wait = std::get_if<api::Wait>(&answer)) {
    begin_wait(ticket, std::move(*wait));
  } else {
    queue_.answer(ticket, std::get<api::Response>(std::move(answer)));
  }
  owner_.on_answer();
}

// The reply holds the session until the writer has called it.
void PendingAnswers::submit(api::Submission submission, const Framing& framing, std::size_t body_bytes) {
  const Ticket ticket =
      queue_.reserve(framing, Awaits::change, body_bytes, steady_clock::now() + backend_.times.commit);
  auto reply = [self = owner_.share_answers(), describe = std::move(submission.describe),
                ticket](registry::Outcome outcome) mutable {
    EventLoop& loop = self->loop_;
    loop.post([self = std::move(self), describe = std::move(describe), ticket, outcome = std::move(outcome)]() mutable {
      // `describe` is called also when nobody waits any more: it writes the audit log.
      self->answer_later(ticket, describe(outcome, self->backend_.clock.now()));
    });
  };
  if (backend_.writer.submit(std::move(submission.change), std::move(reply))) return set_deadline();
  refuse_for_now(ticket, "too many changes are waiting: try again in a second");
}

void PendingAnswers::submit(api::Submissions submissions, const Framing& framing, std::size_t body_bytes) {
  const Ticket ticket =
      queue_.reserve(framing, Awaits::change, body_bytes, steady_clock::now() + backend_.times.commit);
  auto reply = [self = owner_.share_answers(), describe = std::move(submissions.describe),
                ticket](std::vector<registry::Outcome> outcomes) mutable {
    EventLoop& loop = self->loop_;
    loop.post(
        [self = std::move(self), describe = std::move(describe), ticket, outcomes = std::move(outcomes)]() mutable {
          self->answer_later(ticket, describe(outcomes, self->backend_.clock.now()));
        });
  };
  if (backend_.writer.submit(std::move(submissions.changes), std::move(reply))) return set_deadline();
  refuse_for_now(ticket, "too many changes are waiting: try again in a second");
}

void PendingAnswers::submit(api::OtherChange change, const Framing& framing, std::size_t body_bytes) {
  const Ticket ticket =
      queue_.reserve(framing, Awaits::change, body_bytes, steady_clock::now() + backend_.times.commit);
  auto done = [self = owner_.share_answers(), describe = std::move(change.describe), ticket]() mutable {
    EventLoop& loop = self->loop_;
    loop.post([self = std::move(self), describe = std::move(describe), ticket]() mutable {
      self->answer_later(ticket, describe(self->backend_.clock.now()));
    });
  };
  if (change.begin(std::move(done))) return set_deadline();
  refuse_for_now(ticket, "too many changes are waiting: try again in a second");
}

void PendingAnswers::ask(api::HistoryRequest request, const Framing& framing) {
  const std::size_t expected = request.query.limit * limits::k_http_event_bytes;
  const Ticket ticket =
      queue_.reserve(framing, Awaits::history, expected, steady_clock::now() + backend_.times.history);
  auto reply = [self = owner_.share_answers(), describe = std::move(request.answer), is_long = request.is_long,
                ticket](Result<registry::HistoryPage> page) mutable {
    EventLoop& loop = self->loop_;
    loop.post(
        [self = std::move(self), describe = std::move(describe), is_long, ticket, page = std::move(page)]() mutable {
          if (!self->queue_.is_awaited(ticket)) return;
          if (!is_long) return self->answer_later(ticket, describe(page));
          self->make_list(
              ticket, [describe = std::move(describe), page = std::move(page)]() mutable { return describe(page); });
          self->owner_.on_answer();
        });
  };
  if (backend_.history.read(std::move(request.query), std::move(reply))) return set_deadline();
  refuse_for_now(ticket, "too many read the history: try again in a second");
}

// Holds the session only weakly: it must end on its own loop, and not on the list maker's thread.
void PendingAnswers::make_list(Ticket ticket, ListMaker::Make make) {
  api::Counters& counters = backend_.counters;
  auto refuse = [&counters] { return api::refuse_for_room(counters); };
  auto done = [&loop = loop_, weak = std::weak_ptr(owner_.share_answers()), ticket](api::Response response,
                                                                                    HeldBytes::Share share) {
    loop.post([weak, ticket, response = std::move(response), share = std::move(share)]() mutable {
      if (const std::shared_ptr<PendingAnswers> self = weak.lock()) self->answer_later(ticket, std::move(response));
    });
  };
  if (!backend_.lists.make(std::move(make), std::move(refuse), std::move(done))) {
    return refuse_for_now(ticket, "too many ask for long lists: try again in a second");
  }
  counters.lists.fetch_add(1, std::memory_order_relaxed);
  queue_.await_list(ticket, steady_clock::now() + backend_.times.list);
  set_deadline();
}

void PendingAnswers::refuse_for_now(Ticket ticket, std::string sentence) {
  api::Response response = api::problem({Errc::overloaded, std::move(sentence)});
  api::count_errors(response, backend_.counters);
  queue_.answer(ticket, std::move(response));
}

// --- Waits ---

// The queue owns the wait, and ends it with its slot.
void PendingAnswers::begin_wait(Ticket ticket, api::Wait wait) {
  check(static_cast<bool>(wait.answer), "a wait ends with an answer");
  if (!may_wait_) wait.at_most = {};
  auto waiting =
      std::make_shared<Waiting>(loop_, backend_.waits, std::move(wait), [this, ticket] { end_wait(ticket); });
  switch (waiting->begin()) {
    case Waiting::Begun::waits: return queue_.keep(ticket, std::move(waiting));
    case Waiting::Begun::is_over: return finish_wait(ticket, *waiting);
    case Waiting::Begun::full: return refuse_for_now(ticket, "too many calls wait already: try again in a second");
  }
}

void PendingAnswers::end_wait(Ticket ticket) {
  const std::shared_ptr<Waiting> waiting = queue_.take_waiting(ticket);
  if (!waiting) return;
  finish_wait(ticket, *waiting);
  owner_.on_answer();
}

void PendingAnswers::finish_wait(Ticket ticket, Waiting& waiting) {
  auto answer = waiting.take_answer();
  if (waiting.is_read() && backend_.held.is_full()) {
    queue_.answer(ticket, api::refuse_for_room(backend_.counters));
  } else if (!waiting.is_long()) {
    queue_.answer(ticket, answer(backend_.clock.now()));
    owner_.on_held();  // at once, and not when it is sent: one change may end many waits
  } else {
    make_list(ticket, [answer = std::move(answer), &clock = backend_.clock]() mutable { return answer(clock.now()); });
  }
}

void PendingAnswers::end_waits() {
  may_wait_ = false;
  for (const Ticket ticket : queue_.waits()) end_wait(ticket);
}

// --- The deadline ---

// Set for the first answer that is due. When that comes in time, the deadline stays, and is set again when it passes.
void PendingAnswers::set_deadline() {
  if (late_.is_set()) return;
  const std::optional<AnswerQueue::Time> due = queue_.next_due();
  if (!due) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - steady_clock::now());
  late_.expires_after(std::max(left, std::chrono::milliseconds::zero()));
}

// The connection ends with them, because requests behind a late answer would have to wait as well.
void PendingAnswers::on_late() {
  const std::optional<AnswerQueue::Time> due = queue_.next_due();
  if (!due) return;
  if (*due > steady_clock::now()) return set_deadline();
  for (const AnswerQueue::Awaited& each : queue_.pending()) {
    api::Response response = late(each.what);
    api::count_errors(response, backend_.counters);
    queue_.answer_last(each.ticket, std::move(response));
  }
  end_waits();
  owner_.on_answer_late();
}

}  // namespace rollcall::net
