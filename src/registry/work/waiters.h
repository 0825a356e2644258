// Calls that wait for a service to change (`?index=&wait=`): an Audience that wakes them.
//
// Shape    a call waits for one service, at the index it knows. It is woken when that service is published at another
//          index: not by a reload, which publishes the same index again, nor by other services. It is woken once.
// Order    the roll shows a change before the Audience hears of it. A call that takes its seat first, and reads the roll
//          after that, misses no change.
// Threads  any; `publish` and `withdraw` the writer's, which calls `wake`: it must only hand over.
// Limits   k_waiters_max seats.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "registry/ports/ports.h"
#include "registry/stage.h"

namespace rollcall::registry {

class Waiters final : public Audience {
 public:
  using Wake = std::move_only_function<void()>;

  // The registration of one waiting call; its destructor removes it. The Waiters object must outlive it.
  class Seat {
   public:
    Seat() = default;
    Seat(Seat&& other) noexcept
        : waiters_(std::exchange(other.waiters_, nullptr)),
          service_(std::move(other.service_)),
          number_(other.number_) {}
    Seat& operator=(Seat&& other) noexcept {
      Seat taken(std::move(other));
      std::swap(waiters_, taken.waiters_);
      std::swap(service_, taken.service_);
      std::swap(number_, taken.number_);
      return *this;
    }
    ~Seat() {
      if (waiters_ != nullptr) waiters_->leave(service_, number_);
    }

   private:
    friend class Waiters;
    Seat(Waiters& waiters, ServiceKey service, std::uint64_t number)
        : waiters_(&waiters), service_(std::move(service)), number_(number) {}

    Waiters* waiters_ = nullptr;
    ServiceKey service_;
    std::uint64_t number_ = 0;
  };

  // `wake` is called at most once, when the service is at another index than `known` (0: there is none); perhaps still
  // once while the seat is being given up. Empty: all seats are taken.
  [[nodiscard]] std::optional<Seat> take_seat(const ServiceKey& service, ChangeIndex known, Wake wake);

  [[nodiscard]] std::size_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

  void publish(const Service& service) override;
  void withdraw(const ServiceRef& service) override;

 private:
  struct Waiter {
    ChangeIndex known;
    Wake wake;
  };
  using Line = std::unordered_map<std::uint64_t, Waiter>;  // by the seat's number
  struct Room {
    std::unordered_map<ServiceKey, Line, ServiceHash, ServiceEqual> lines;  // none is empty
    std::uint64_t last_number = 0;
  };

  void leave(const ServiceKey& service, std::uint64_t number);
  void wake_all_but(const ServiceRef& service, ChangeIndex index);

  Guarded<Room> room_;
  std::atomic<std::size_t> count_{0};  // of all lines
};

}  // namespace rollcall::registry
