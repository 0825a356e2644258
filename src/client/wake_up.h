// Ends the wait of a thread in poll().
//
// Owner    a descriptor of its own.
// Threads  `call` from any; the rest is the waiting thread's.
// Failure  the constructor throws std::system_error when the system has no descriptor left.
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

// A thread that takes no signals of the program it lives in. `name` is what the operating system shows for it.
[[nodiscard]] std::thread start_thread(std::string name, std::function<void()> run);

}  // namespace rollcall::client
