// One thread that waits for sockets and timers, and the coroutines that live on it.
//
// Owner    the EventLoop owns its thread; coroutines own their sessions.
// Threads  everything before `start`, or from the loop's own thread; `post` from any.
// Deadlines a session has a Deadline for each step that must end, and moves it while the step makes progress. Every k_tick
//          a timing wheel finds those that have passed, and calls them. Moving one costs a few stores.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/timing_wheel.h"

namespace rollcall::net {

class EventLoop;

// A time by which something must be over; `on_deadline` is called on the loop's thread, once, at most k_tick late.
class Deadline : private TimingWheel::Timer {
 public:
  explicit Deadline(EventLoop& loop) : loop_(loop) {}
  virtual ~Deadline() = default;

  void expires_after(std::chrono::milliseconds duration);
  void cancel_deadline();
  [[nodiscard]] bool is_set() const { return Timer::is_set(); }

 private:
  friend class EventLoop;
  virtual void on_deadline() = 0;

  EventLoop& loop_;
};

// A deadline that calls a function of its owner: for owners with several.
template <class Owner, void (Owner::*on_end)()>
class DeadlineOf final : public Deadline {
 public:
  DeadlineOf(EventLoop& loop, Owner& owner) : Deadline(loop), owner_(owner) {}

 private:
  void on_deadline() override { (owner_.*on_end)(); }

  Owner& owner_;
};

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  [[nodiscard]] boost::asio::io_context& context() { return context_; }

  // `name` is what the operating system shows for the thread.
  void start(const std::string& name);
  // Lets what is ready finish, then ends the thread. Coroutines still waiting are destroyed with the loop.
  void stop();

  // Runs `task` on the loop's thread. Tasks posted close together cost one wake-up.
  void post(std::move_only_function<void()> task);

 private:
  friend class Deadline;
  static constexpr std::chrono::milliseconds k_tick{100};

  void set_deadline(Deadline& deadline, std::chrono::milliseconds after);
  void wait_for_tick();
  void run_tasks();
  [[nodiscard]] Tick now() const;

  // In this order: sessions die with the context or with a task that never ran, and take their deadlines off the wheel.
  TimingWheel wheel_;
  boost::asio::io_context context_{1};
  boost::asio::steady_timer ticker_{context_};
  bool is_ticking_ = false;
  Guarded<std::vector<std::move_only_function<void()>>> tasks_;
  std::jthread thread_;
};

}  // namespace rollcall::net
