// What a call waits for: a service of the roll, a list of services, a key of a store …
//
// Shape    two halves, which close a race between them: `take_seat` first, then `is_over`. A change that comes before the
//          seat is seen by `is_over`; one that comes after it wakes.
// Owner    the waiting call owns both; what they stand for outlives them.
// Threads  `take_seat` and `is_over`: any that holds an rcu::Thread, outside a ReadLock; they wait for nothing. `wake` is
//          called on the thread that makes the change: it must only hand over.
// Failure  no seat: too many wait already.
#pragma once

#include <functional>
#include <memory>

namespace rollcall {

// A place among those who are woken; its destructor gives it up.
class Seat {
 public:
  Seat() = default;
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  virtual ~Seat() = default;
};

class Awaited {
 public:
  using Wake = std::move_only_function<void()>;

  Awaited() = default;
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;
  virtual ~Awaited() = default;

  // `wake` is called at most once, when it has happened; perhaps still once while the seat is being given up. Null: all
  // seats are taken. Called once.
  [[nodiscard]] virtual std::unique_ptr<Seat> take_seat(Wake wake) = 0;

  // Whether it has happened.
  [[nodiscard]] virtual bool is_over() const = 0;
};

}  // namespace rollcall
