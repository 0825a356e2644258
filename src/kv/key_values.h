// The key-value store as the doors and the DNS use it: keys, sessions that hold locks, and prepared queries; in memory, and
// kept before anything is answered.
//
// Shape    changes and heartbeats are those of an implementation: on this server's disk (local_key_values.h), or in the store
//          of a cluster (cluster/kv). What readers see, and who waits, is the same for both.
// Owner    rollcalld.cc.
// Threads  any; `find_query` without a lock. A Reply is called on the writer's thread, and must only hand over.
// Limits   kv/limits.h.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/guarded.h"
#include "kv/operation.h"
#include "kv/query_table.h"
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

  virtual ~KeyValues() = default;
  KeyValues(const KeyValues&) = delete;
  KeyValues& operator=(const KeyValues&) = delete;

  // False: too much waits, and the reply is dropped uncalled.
  [[nodiscard]] virtual bool submit(Request request, Reply reply) = 0;

  // A session's heartbeat, in memory alone. Null: there is no such session, or it has ended. Empty: memory is not enough, and
  // a RenewSession is to be submitted.
  [[nodiscard]] virtual std::optional<SessionPtr> renew(std::string_view id) const = 0;

  // `done(true)` when this server shows all that was acknowledged anywhere before, so that a read may follow. False: it cannot
  // be known now.
  virtual void catch_up(std::move_only_function<void(bool)> done) = 0;
  // Others may have acknowledged what is not shown here yet.
  [[nodiscard]] virtual bool is_shared() const = 0;
  // Why nothing can be read yet, a sentence; empty: it can.
  [[nodiscard]] virtual std::string why_unread() const = 0;

  // `use` is called with a View, under its lock: it copies what it needs.
  template <class F>
  decltype(auto) read(F&& use) const {
    return view_.with([&](View& view) -> decltype(auto) { return std::forward<F>(use)(std::as_const(view)); });
  }

  // First the seat, then a look: so no change is missed. Empty: all seats are taken.
  [[nodiscard]] std::optional<Seat> take_seat(const Topic& topic, View::Wake wake) const;

  [[nodiscard]] const consul::PreparedQueries& queries() const { return query_table_; }

 protected:
  KeyValues() = default;
  // Shows changes that are kept to readers, and wakes who waits for them. One thread at a time.
  void show(const Changes& changes, LeaseTime now);

  mutable Guarded<View> view_;
  QueryTable query_table_;
};

// What a request keeps in memory while it waits.
[[nodiscard]] std::size_t waiting_bytes(const Request& request);

}  // namespace rollcall::kv
