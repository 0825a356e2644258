// Calls that are answered later: when what they wait for has happened, when their time is over, or when the server stops.
//
// Owner    a session owns its Waiting; the WaitRoom of its loop outlives it.
// Threads  the loop's. A change comes from the writer's thread, through EventLoop::post.
// Limits   whoever gives seats bounds how many wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_set>

#include "api/routed.h"
#include "net/sockets/event_loop.h"

namespace rollcall::net {

class Waiting;

// What all waiting calls of one loop share.
class WaitRoom {
 public:
  WaitRoom(const registry::TimeSource& clock, api::Counters& counters) : clock_(clock), counters_(counters) {}

  // The server stops: every wait ends, and none begins any more.
  void close();

 private:
  friend class Waiting;
  const registry::TimeSource& clock_;
  api::Counters& counters_;
  std::unordered_set<Waiting*> all_;
  bool is_closed_ = false;
};

class Waiting final : private Deadline, public std::enable_shared_from_this<Waiting> {
 public:
  using Over = std::function<void()>;
  enum class Begun : std::uint8_t {
    waits,    // `over` is called later, once, unless this ends before
    is_over,  // there is nothing to wait for
    full,     // too many wait already
  };

  // `over` is not called within a call to this.
  Waiting(EventLoop& loop, WaitRoom& room, api::Wait wait, Over over);
  ~Waiting() override;

  [[nodiscard]] Begun begin();
  // The function that makes the answer; taken once.
  [[nodiscard]] auto take_answer() { return std::move(wait_.answer); }
  [[nodiscard]] bool is_long() const { return wait_.is_long; }
  [[nodiscard]] bool is_read() const {
    return wait_.until != nullptr || wait_.is_read;
  }  // its answer may be of any size

 private:
  friend class WaitRoom;
  void on_deadline() override;
  [[nodiscard]] std::chrono::milliseconds next_look();
  void end_soon();
  static void end(const std::weak_ptr<Waiting>& which);

  EventLoop& loop_;
  WaitRoom& room_;
  api::Wait wait_;
  Over over_;                                        // empty: it has been called
  std::chrono::steady_clock::time_point ends_at_{};  // at the latest
  std::unique_ptr<Seat> seat_;
};

}  // namespace rollcall::net
