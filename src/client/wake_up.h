// Wakes up a thread that blocks in poll(), using an eventfd.
//
// Owner    the object owns its file descriptor.
// Threads  call(): any thread. polled() and clear(): the thread that waits.
// Failure  the constructor throws std::system_error when the system has no file descriptor left.
// Source   eventfd(2).
#pragma once

#include <functional>
#include <poll.h>
#include <string>
#include <thread>

namespace rollcall::client {

class WakeUp {
 public:
  WakeUp();
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  void call() const;
  [[nodiscard]] pollfd polled() const;
  void clear() const;

 private:
  int descriptor_;
};

// Starts a thread with all signals blocked, so that it never handles signals of the program. `name` is its name in ps,
// top.
[[nodiscard]] std::thread start_thread(std::string name, std::function<void()> run);

}  // namespace rollcall::client
