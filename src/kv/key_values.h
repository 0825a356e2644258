// The key-value store of this server: keys, sessions that hold locks, and prepared queries; in memory, and on the disk before
// anything is answered.
//
//   submit(request) → what waits, as one batch on the writer's thread → rules (stage.h) → disk (journal.h)
//                   → readers (view.h) → those who wait are woken → replies
//
// Shape    the rules change tables of their own, and readers have others, so nobody waits for the disk to read.
// Owner    rollcalld.cc. Journal, clock and the writer outlive it.
// Threads  `submit`, `renew` and everything that reads: any; `restore`: main; `find_query`: any, without a lock. A Reply is
//          called on the writer's thread, and must only hand over.
// Failure  what the disk refuses is refused with its error, and nothing has changed; sessions that are over have ended all the
//          same, and are recorded as soon as the disk works.
// Limits   kv/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "kv/journal.h"
#include "kv/limits.h"
#include "kv/operation.h"
#include "kv/query_table.h"
#include "kv/stage.h"
#include "kv/view.h"

namespace rollcall::kv {

class KeyValues {
 public:
  using Reply = std::move_only_function<void(Outcome)>;
  using Task = std::move_only_function<void()>;
  // Runs a task on the writer's thread soon; dropped when that has stopped.
  using RunSoon = std::function<void(Task)>;

  // The seat of one waiting call; its destructor gives it up.
  class Seat {
   public:
    Seat() = default;
    Seat(const KeyValues& all, View::Seat seat) : all_(&all), seat_(seat) {}
    Seat(Seat&& other) noexcept : all_(std::exchange(other.all_, nullptr)), seat_(other.seat_) {}
    Seat& operator=(Seat&& other) noexcept {
      std::swap(all_, other.all_);
      std::swap(seat_, other.seat_);
      return *this;
    }
    ~Seat() {
      if (all_ != nullptr) all_->view_.with([this](View& view) { view.leave(seat_); });
    }

   private:
    const KeyValues* all_ = nullptr;
    View::Seat seat_ = 0;
  };

  KeyValues(Journal& journal, const TimeSource& clock, RunSoon run_soon, std::size_t bytes_max = k_bytes_default);

  // What is stored. Each session has one whole TTL from now on. Returns a sentence for each row that was left out. The index of
  // this start is on the disk when it returns, or a sentence says why not.
  [[nodiscard]] Result<std::vector<std::string>> restore(WallTime wall_now);
  // From here on sessions end.
  void start();
  // After the writer's thread has ended: what still waits is done here, on this thread.
  void finish();

  // False: too much waits, and the reply is dropped uncalled.
  [[nodiscard]] bool submit(Request request, Reply reply);

  // A session's heartbeat: in memory alone. Null: there is no such session, or it has ended.
  [[nodiscard]] SessionPtr renew(std::string_view id) const;

  // `use` is called with a View, under its lock: it copies what it needs.
  template <class F>
  decltype(auto) read(F&& use) const {
    return view_.with([&](View& view) -> decltype(auto) { return std::forward<F>(use)(std::as_const(view)); });
  }

  // First the seat, then a look: so no change is missed. Empty: all seats are taken.
  [[nodiscard]] std::optional<Seat> take_seat(const Topic& topic, View::Wake wake) const;

  [[nodiscard]] const consul::PreparedQueries& queries() const { return query_table_; }

 private:
  struct Waiting {
    Request request;
    Reply reply;  // empty for a Sweep
    std::size_t bytes = 0;
  };
  struct Inbox {
    std::deque<Waiting> waiting;
    std::size_t bytes = 0;
    bool is_scheduled = false;
  };
  struct Timer {
    std::optional<LeaseTime> next;  // when to sweep
  };

  void push(Waiting waiting);
  void schedule();
  [[nodiscard]] std::vector<Waiting> take_batch();
  void run_batch();
  [[nodiscard]] Outcome apply(Request& request);
  [[nodiscard]] Stage::Result sweep();
  void show(const Changes& changes);
  void set_timer(bool has_failed);
  void keep_time(const std::stop_token& stop);

  Journal& journal_;
  const TimeSource& clock_;
  const RunSoon run_soon_;
  Stage stage_;  // the writer's
  QueryTable query_table_;
  mutable Guarded<View> view_;
  Guarded<Inbox> inbox_;
  GuardedCondition<Timer> timer_;
  std::jthread timing_;  // after what it uses
};

}  // namespace rollcall::kv
