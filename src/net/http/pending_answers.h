// Turns what the router decides about each request of one connection into its answer, at once or later, and keeps the
// answers in the order of the requests.
//
//   take(Routed) → an answer in the outbox, or a slot in the queue and a task for the writer, the history, the list maker
//                  or a wait → the answer in its slot → move_ready() → the outbox
//
// Shape    an AnswerQueue, and the deadline of what it waits for. Results come back to this loop through EventLoop::post.
// Owner    a session, which is the Owner and lives while a task does (`share_answers`); a list alone does not keep it.
// Threads  its loop's.
// Deadlines AnswerTimes: a change for its commit, a page of the history, a long list. When one passes, every answer still
//          pending becomes a 503, and the connection ends. A wait has its own deadline.
// Failure  a full writer, history or list maker, or too many waits: 503 `overloaded`, and the connection goes on.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <variant>

#include "api/router.h"
#include "net/http/answer_queue.h"
#include "net/http/backend.h"
#include "net/http/response_head.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/outbox.h"

namespace rollcall::net {

class PendingAnswers {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Keeps the answers, and with them the session, alive.
    [[nodiscard]] virtual std::shared_ptr<PendingAnswers> share_answers() = 0;
    // An answer has come later than its request, and may be sent.
    virtual void on_answer() = 0;
    // What is held for the client has grown.
    virtual void on_held() = 0;
    // An answer was late: those that were pending are 503 now, and are the last of the connection.
    virtual void on_answer_late() = 0;
  };

  PendingAnswers(EventLoop& loop, HttpBackend& backend, Outbox& outbox, Owner& owner)
      : loop_(loop), backend_(backend), outbox_(outbox), owner_(owner), late_(loop, *this) {}

  [[nodiscard]] bool empty() const { return queue_.empty(); }
  // No other request may be routed before something is answered.
  [[nodiscard]] bool is_blocked() const { return queue_.is_full() || queue_.awaits_read(); }
  // Some answer waits for an event, perhaps for long.
  [[nodiscard]] bool is_waiting() const { return queue_.is_waiting(); }
  // Memory held for the client.
  [[nodiscard]] std::size_t bytes() const { return queue_.bytes(); }

  // Anything but a Watch and RouteAgain. `body_bytes` of the request are kept until a change is answered.
  void take(api::Routed routed, const Framing& framing, std::size_t body_bytes);
  // An answer that is known already.
  void add(api::Response response, const Framing& framing);
  // Moves what is answered, up to the first that is not, to the outbox.
  void move_ready() { queue_.move_ready(outbox_); }
  // The client has closed its side: every wait is answered now, and none begins any more.
  void end_waits();
  // The connection is closed: results that are still on their way are dropped.
  void close();

 private:
  using Ticket = AnswerQueue::Ticket;
  using Awaits = AnswerQueue::Awaits;

  void submit(api::Submission submission, const Framing& framing, std::size_t body_bytes);
  void submit(api::Submissions submissions, const Framing& framing, std::size_t body_bytes);
  void submit(api::OtherChange change, const Framing& framing, std::size_t body_bytes);
  void ask(api::HistoryRequest request, const Framing& framing);
  void make_list(Ticket ticket, ListMaker::Make make);
  void begin_wait(Ticket ticket, api::Wait wait);
  void end_wait(Ticket ticket);
  void finish_wait(Ticket ticket, Waiting& waiting);
  void refuse_for_now(Ticket ticket, std::string sentence);
  void answer_later(Ticket ticket, std::variant<api::Response, api::Wait> answer);
  void set_deadline();
  void on_late();

  EventLoop& loop_;
  HttpBackend& backend_;
  Outbox& outbox_;
  Owner& owner_;
  AnswerQueue queue_;
  DeadlineOf<PendingAnswers, &PendingAnswers::on_late> late_;
  bool may_wait_ = true;
};

}  // namespace rollcall::net
