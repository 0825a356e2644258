#include <chrono>
#include <utility>
#include <variant>

#include "api/event_text.h"
#include "api/problem.h"
#include "base/limits.h"
#include "net/http/response_head.h"
#include "net/http/session.h"

namespace rollcall::net {
namespace {

using std::chrono::steady_clock;

// Why an answer that was waited for does not come.
api::Response late(AnswerQueue::Awaits what) {
  switch (what) {
    case AnswerQueue::Awaits::change:
      return api::problem(
          503, "outcome_unknown",
          "the change has waited too long for the disk, and may still be made: ask for the instance, or send it again");
    case AnswerQueue::Awaits::history:
      return api::problem(
          503, "history_too_slow",
          "the history was not read in time, because the disk is slow or many ask for it: ask again in a "
          "few seconds, with a smaller limit");
    case AnswerQueue::Awaits::list:
      return api::problem(503, "overloaded",
                          "the list was not made in time, because many ask for long ones: ask again in "
                          "a few seconds, for a part where that will do");
    case AnswerQueue::Awaits::event: break;
  }
  return api::problem(503, "overloaded", "the answer was not made in time: ask again in a second");
}

}  // namespace

// With nothing unanswered ahead of it, the answer needs no place.
void HttpSession::answer_next(api::Response response, Framing framing) {
  if (!queue_.empty()) return queue_.add(std::move(response), framing);
  put_response(outbox_, std::move(response), framing);
}

// The one way of every answer that comes later: on this loop, to whom it is for, or to nobody.
void HttpSession::answer_later(Ticket ticket, std::variant<api::Response, api::Wait> answer) {
  if (!queue_.is_awaited(ticket)) return;
  if (api::Wait* const wait = std::get_if<api::Wait>(&answer)) {
    begin_wait(ticket, std::move(*wait));
  } else {
    queue_.answer(ticket, std::get<api::Response>(std::move(answer)));
  }
  flush_soon();
}

// The promise of an answer travels to the writer and back; the session lives at least as long.
void HttpSession::submit(api::Submission submission, Framing framing, std::size_t body_bytes) {
  const Ticket ticket =
      queue_.take_place(framing, Awaits::change, body_bytes, steady_clock::now() + backend_.times.commit);
  auto reply = [self = shared_from_this(), describe = std::move(submission.describe),
                ticket](registry::Outcome outcome) mutable {
    EventLoop& loop = self->connection_.loop;
    loop.post([self = std::move(self), describe = std::move(describe), ticket, outcome = std::move(outcome)]() mutable {
      // Described also where nobody waits any more: what came of a change is written down.
      self->answer_later(ticket, describe(outcome, self->backend_.clock.now()));
    });
  };
  if (backend_.writer.submit(std::move(submission.change), std::move(reply))) return set_answer_deadline();
  refuse_for_now(ticket, "too many changes are waiting: try again in a second");
}

void HttpSession::ask(api::HistoryRequest request, Framing framing) {
  const std::size_t expected = request.query.limit * limits::k_http_event_bytes;
  const Ticket ticket =
      queue_.take_place(framing, Awaits::history, expected, steady_clock::now() + backend_.times.history);
  auto reply = [self = shared_from_this(), describe = std::move(request.answer), is_long = request.is_long,
                ticket](Result<registry::HistoryPage> page) mutable {
    EventLoop& loop = self->connection_.loop;
    loop.post(
        [self = std::move(self), describe = std::move(describe), is_long, ticket, page = std::move(page)]() mutable {
          if (!self->queue_.is_awaited(ticket)) return;
          if (!is_long) return self->answer_later(ticket, describe(page));
          self->make_list(
              ticket, [describe = std::move(describe), page = std::move(page)]() mutable { return describe(page); });
          self->flush_soon();
        });
  };
  if (backend_.history.read(std::move(request.query), std::move(reply))) return set_answer_deadline();
  refuse_for_now(ticket, "too many read the history: try again in a second");
}

// The session may have gone when the list is there: it ends on its own loop, and not with what is being made for it.
void HttpSession::make_list(Ticket ticket, ListMaker::Make make) {
  api::Counters& counters = backend_.counters;
  auto refuse = [&counters] { return api::refuse_for_room(counters); };
  auto done = [&loop = connection_.loop, weak = weak_from_this(), ticket](api::Response response,
                                                                          OwedBytes::Share share) {
    loop.post([weak, ticket, response = std::move(response), share = std::move(share)]() mutable {
      if (const std::shared_ptr<HttpSession> self = weak.lock()) self->answer_later(ticket, std::move(response));
    });
  };
  if (!backend_.lists.make(std::move(make), std::move(refuse), std::move(done))) {
    return refuse_for_now(ticket, "too many ask for long lists: try again in a second");
  }
  counters.lists.fetch_add(1, std::memory_order_relaxed);
  queue_.await_list(ticket, steady_clock::now() + backend_.times.list);
  set_answer_deadline();
}

void HttpSession::refuse_for_now(Ticket ticket, std::string sentence) {
  api::Response response = api::problem({Errc::overloaded, std::move(sentence)});
  api::count_errors(response, backend_.counters);
  queue_.answer(ticket, std::move(response));
}

// The queue owns the wait, and ends it with its place.
void HttpSession::begin_wait(Ticket ticket, api::Wait wait) {
  if (is_input_over_) wait.at_most = {};
  auto waiting = std::make_shared<Waiting>(connection_.loop, backend_.waits, std::move(wait),
                                           [this, ticket] { end_wait(ticket); });
  switch (waiting->begin()) {
    case Waiting::Begun::waits: return queue_.keep(ticket, std::move(waiting));
    case Waiting::Begun::is_over: return finish_wait(ticket, *waiting);
    case Waiting::Begun::full: return refuse_for_now(ticket, "too many calls wait already: try again in a second");
  }
}

void HttpSession::end_wait(Ticket ticket) {
  const std::shared_ptr<Waiting> waiting = queue_.take_waiting(ticket);
  if (!waiting) return;
  finish_wait(ticket, *waiting);
  flush_soon();
}

void HttpSession::finish_wait(Ticket ticket, Waiting& waiting) {
  auto answer = waiting.take_answer();
  if (waiting.is_read() && backend_.owed.is_full()) {
    queue_.answer(ticket, api::refuse_for_room(backend_.counters));
  } else if (!waiting.is_long()) {
    queue_.answer(ticket, answer(backend_.clock.now()));
    count_owed();  // a change wakes many at once
  } else {
    make_list(ticket, [answer = std::move(answer), &clock = backend_.clock]() mutable { return answer(clock.now()); });
  }
}

void HttpSession::end_waits() {
  for (const Ticket ticket : queue_.waits()) end_wait(ticket);
}

// At the first that is due. An answer in time leaves it as it is: it looks again then.
void HttpSession::set_answer_deadline() {
  if (answer_late_.is_set()) return;
  const std::optional<AnswerQueue::Time> due = queue_.next_due();
  if (!due) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - steady_clock::now());
  answer_late_.expires_after(std::max(left, std::chrono::milliseconds::zero()));
}

// Whoever waits for an answer for too long hears so, and the connection ends: what comes behind would have to wait as
// well.
void HttpSession::on_answer_late() {
  const std::optional<AnswerQueue::Time> due = queue_.next_due();
  if (!due) return;
  if (*due > steady_clock::now()) return set_answer_deadline();
  connection_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
  for (const AnswerQueue::Awaited& each : queue_.pending()) {
    api::Response response = late(each.what);
    api::count_errors(response, backend_.counters);
    queue_.answer_last(each.ticket, std::move(response));
  }
  closing_ = true;
  in_request_ = false;
  end_waits();
  flush();
  wake_reader();
}

// --- A stream ---

// Nothing is ahead of it: it reads. HEAD gets the head alone.
void HttpSession::watch(api::Watch watch, Framing framing) {
  write_stream_head(outbox_.tail(), api::k_event_stream_type, framing.keep_alive, framing.version);
  if (framing.is_head) {
    closing_ = closing_ || !framing.keep_alive;
    return;
  }
  is_stream_ = true;
  stream_version_ = framing.version;
  connection_.socket.bound_send_buffer(limits::k_watch_send_buffer_bytes);
  StreamSink& sink = *this;
  watcher_ = std::make_shared<Watcher>(backend_.hub, sink, std::move(watch));
  watcher_->begin();
}

void HttpSession::write_stream(std::string_view text) {
  write_chunk(outbox_.tail(), text, stream_version_);
  flush();
}

void HttpSession::end_stream() {
  if (stream_version_ >= 11) write_chunk(outbox_.tail(), {}, stream_version_);
  closing_ = true;
  is_stream_ = false;
  flush();
  wake_reader();
}

}  // namespace rollcall::net
