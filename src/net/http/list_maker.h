// Makes long answers on a thread of its own, so that heartbeats do not wait on their loop behind the list of a whole roll.
//
// Shape    a queue and one thread: long lists wait for each other only.
// Owner    the server; stops before the loops of the sessions that use it.
// Threads  `make` any. Its arguments are called on the maker's thread, which holds an rcu::Thread: `done` must only post the
//          answer to another loop.
// Limits   k_http_lists_max waiting.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include "api/message.h"
#include "net/http/held_bytes.h"
#include "net/sockets/event_loop.h"

namespace rollcall::net {

class ListMaker {
 public:
  using Make = std::move_only_function<api::Response()>;
  using Done = std::move_only_function<void(api::Response, HeldBytes::Share)>;

  explicit ListMaker(HeldBytes& held) : held_(held) {}

  void start() { loop_.start("http-lists"); }
  // The list that is being made is finished; those that wait are dropped.
  void stop() {
    is_stopping_ = true;
    loop_.stop();
  }

  // If too much memory is held for clients when its turn comes, `refuse` is called instead of `make`. The answer counts
  // as held for as long as `done` keeps the share. False: too many wait already, and nothing is called.
  [[nodiscard]] bool make(Make make, Make refuse, Done done);

 private:
  HeldBytes& held_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::size_t> waiting_{0};
  EventLoop loop_;
};

}  // namespace rollcall::net
