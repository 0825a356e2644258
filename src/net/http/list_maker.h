// Makes long answers on a thread of its own, so that heartbeats do not wait on their loop behind the list of a whole roll.
//
// Shape    a queue and one thread: long lists wait for each other, and for nobody else.
// Owner    the server; stops before the loops of those who ask.
// Threads  `make` any; what is made and `done` are called on the maker's thread, which holds an rcu::Thread: `done` must only
//          hand over.
// Limits   k_http_lists_max waiting.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include "api/message.h"
#include "net/http/owed_bytes.h"
#include "net/sockets/event_loop.h"

namespace rollcall::net {

class ListMaker {
 public:
  using Make = std::move_only_function<api::Response()>;
  using Done = std::move_only_function<void(api::Response, OwedBytes::Share)>;

  explicit ListMaker(OwedBytes& owed) : owed_(owed) {}

  void start() { loop_.start("http-lists"); }
  // What is being made is the last.
  void stop() {
    is_stopping_ = true;
    loop_.stop();
  }

  // `refuse` instead of `make` is called where there is no room for another long answer by then. What was made counts as
  // owed while `done` has its share. False: too many wait already, and none of them is called.
  [[nodiscard]] bool make(Make make, Make refuse, Done done);

 private:
  OwedBytes& owed_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::size_t> waiting_{0};
  EventLoop loop_;
};

}  // namespace rollcall::net
