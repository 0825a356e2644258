// The answers of one HTTP connection, in the order of its requests (RFC 9112 §9.3.2), while some are not known yet.
//
// Shape    a request whose answer comes later reserves a slot, and whoever makes the answer keeps the Ticket. A Ticket is
//          valid until its slot has an answer or the connection is closed; then every call with it does nothing. Only the
//          Ticket leads to a slot, so a late answer can never fill another request's slot.
// Rule     a call that reads reserves its slot only when the queue is empty, and nothing is put behind it. So all that
//          waits here behind others are answers to changes, which are small.
// Owner    PendingAnswers.
// Threads  its loop's.
// Limits   k_http_pipeslots_max slots: the session asks `is_full` first.
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
#include "net/http/response_head.h"
#include "net/http/waiting.h"
#include "net/sockets/outbox.h"

namespace rollcall::net {

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
    std::uint64_t number_;  // counts the slots of this connection; never used again
  };

  [[nodiscard]] bool empty() const { return slots_.empty(); }
  [[nodiscard]] bool is_full() const;
  // A call that reads is not answered yet: no request may be routed behind it.
  [[nodiscard]] bool awaits_read() const { return reads_ > 0; }
  [[nodiscard]] bool is_waiting() const { return waits_ > 0; }
  // Memory held for the client: answers behind others, and `held` of the rest.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  // `held`: octets of the request that are kept until it is answered. `due`: see `next_due`.
  [[nodiscard]] Ticket reserve(Framing framing, Awaits awaits, std::size_t held, Time due);
  // An answer that is known already, behind those that are not.
  void add(api::Response response, Framing framing);

  // Whether this answer is still wanted.
  [[nodiscard]] bool is_awaited(Ticket ticket) const { return find(ticket) != nullptr; }
  // Fills the slot. False: the ticket has ended, and the answer is dropped.
  bool answer(Ticket ticket, api::Response response);
  // The same, and says that the connection closes after it.
  bool answer_last(Ticket ticket, api::Response response);

  // A wait that has begun; the queue ends it with its slot. The answer is awaited.
  void keep(Ticket ticket, std::shared_ptr<Waiting> waiting);
  // Null: the ticket has ended, or its wait was taken already.
  [[nodiscard]] std::shared_ptr<Waiting> take_waiting(Ticket ticket);

  struct Awaited {
    Ticket ticket;
    Awaits what;
  };
  // From now on the slot waits for a long list. The answer is awaited.
  void await_list(Ticket ticket, Time due);

  // Waits that have begun.
  [[nodiscard]] std::vector<Ticket> waits() const;
  // Everything else that is not answered yet.
  [[nodiscard]] std::vector<Awaited> pending() const;
  // When the first of those is due.
  [[nodiscard]] std::optional<Time> next_due() const;

  // Moves the answers at the head of the queue, up to the first that is not known yet.
  void move_ready(Outbox& out);
  // Every ticket ends.
  void clear();

 private:
  struct Slot {
    Framing framing;
    Awaits awaits = Awaits::change;
    std::size_t held = 0;
    Time due = Time::max();
    std::optional<api::Response> response = {};
    std::shared_ptr<Waiting> waiting = {};
  };

  [[nodiscard]] Slot* find(Ticket ticket);
  [[nodiscard]] const Slot* find(Ticket ticket) const;
  void fill(Slot& slot, api::Response response);
  void uncount(const Slot& slot);

  std::deque<Slot> slots_;
  std::uint64_t first_ = 0;  // the number of the slot at the head
  std::size_t bytes_ = 0;
  std::size_t reads_ = 0;
  std::size_t waits_ = 0;
};

}  // namespace rollcall::net
