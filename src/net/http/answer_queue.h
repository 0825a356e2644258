// The answers of one HTTP connection, in the order of its requests (RFC 9112 §9.3.2), while some are not known yet.
//
// Shape    a request whose answer comes later takes a place, and whoever makes the answer keeps the Ticket. A Ticket ends
//          with its place: once there is an answer, or the connection is closed, it leads to nothing. There is no way to a
//          place but by its Ticket, so an answer that comes too late finds nobody, and never another request's place.
// Rule     a call that reads takes its place only when nothing is ahead of it, and nothing is put behind it. So what is
//          held here are answers to changes, which are small.
// Owner    a session.
// Threads  its loop's.
// Limits   k_http_pipeline_max places: the session asks `is_full` first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/message.h"
#include "net/http/waiting.h"
#include "net/sockets/outbox.h"

namespace rollcall::net {

// How an answer is framed, known from its request.
struct Framing {
  bool keep_alive = true;
  bool is_head = false;
  unsigned version = 11;
};

// Head and body, behind what is there.
void put_response(Outbox& out, api::Response response, const Framing& framing);

class AnswerQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // What an answer waits for.
  enum class Awaits : std::uint8_t {
    change,   // the writer; a drain may go on to wait for time
    history,  // a page of the stored history
    event,    // a service to change, or a time: it has a deadline of its own
    list,     // a long list to be made
  };

  class Ticket {
   private:
    friend class AnswerQueue;
    explicit Ticket(std::uint64_t number) : number_(number) {}
    std::uint64_t number_;  // of all places of this connection, never used again
  };

  [[nodiscard]] bool empty() const { return line_.empty(); }
  [[nodiscard]] bool is_full() const;
  // A call that reads is not answered yet: nothing may follow it.
  [[nodiscard]] bool awaits_read() const { return reads_ > 0; }
  [[nodiscard]] bool is_waiting() const { return waits_ > 0; }
  // What is held for the client: answers behind others, and `reserved` of the rest.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  // `reserved`: octets of the request that are kept until it is answered. `due`: see `is_overdue`.
  [[nodiscard]] Ticket take_place(Framing framing, Awaits awaits, std::size_t reserved, Time due);
  // An answer that is known already, behind those that are not.
  void add(api::Response response, Framing framing);

  // Whether somebody still waits for this answer.
  [[nodiscard]] bool is_awaited(Ticket ticket) const { return find(ticket) != nullptr; }
  // The answer. False: nobody waits for it any more, and it is dropped.
  bool answer(Ticket ticket, api::Response response);
  // As well the last of its connection.
  bool answer_last(Ticket ticket, api::Response response);

  // A wait that has begun; the queue ends it with its place. The ticket is awaited.
  void keep(Ticket ticket, std::shared_ptr<Waiting> waiting);
  // Empty: nobody waits for it any more.
  [[nodiscard]] std::shared_ptr<Waiting> take_waiting(Ticket ticket);

  struct Awaited {
    Ticket ticket;
    Awaits what;
  };
  // From now on a long list is waited for. The ticket is awaited.
  void await_list(Ticket ticket, Time due);

  // Waits that have begun.
  [[nodiscard]] std::vector<Ticket> waits() const;
  // Everything else that is not answered yet.
  [[nodiscard]] std::vector<Awaited> pending() const;
  // When the first of those is due.
  [[nodiscard]] std::optional<Time> next_due() const;

  // Answers that nothing unanswered is ahead of.
  void move_ready(Outbox& out);
  // Every ticket ends.
  void clear();

 private:
  struct Place {
    Framing framing;
    Awaits awaits = Awaits::change;
    std::size_t reserved = 0;
    Time due = Time::max();
    std::optional<api::Response> response = {};
    std::shared_ptr<Waiting> waiting = {};
  };

  [[nodiscard]] Place* find(Ticket ticket);
  [[nodiscard]] const Place* find(Ticket ticket) const;
  void fill(Place& place, api::Response response);
  void leave(const Place& place);

  std::deque<Place> line_;
  std::uint64_t first_ = 0;  // the number of the place at the head of the line
  std::size_t bytes_ = 0;
  std::size_t reads_ = 0;
  std::size_t waits_ = 0;
};

}  // namespace rollcall::net
