// A queue from one thread to another that holds at most `places` items: the faster side waits for the slower.
//
// Owner    shared by reference; outlives both threads.
// Threads  one that puts, one that takes.
// Failure  once closed, `put` refuses, and `take` returns what is left, then nothing.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/guarded.h"

namespace rollcall {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t places) : places_(places) {
    check(places > 0, "a queue without places would never take anything");
  }

  // Waits for a free place. False: the queue is closed.
  bool put(T item) {
    return state_.change_when([this](const State& state) { return state.is_closed || state.items.size() < places_; },
                              [&](State& state) {
                                if (!state.is_closed) state.items.push_back(std::move(item));
                                return !state.is_closed;
                              });
  }

  // Waits for the next item. Empty: the queue is closed, and that was the last.
  std::optional<T> take() {
    return state_.change_when([](const State& state) { return state.is_closed || !state.items.empty(); },
                              [](State& state) -> std::optional<T> {
                                if (state.items.empty()) return std::nullopt;
                                std::optional<T> item(std::move(state.items.front()));
                                state.items.pop_front();
                                return item;
                              });
  }

  // Either side.
  void close() {
    state_.change([](State& state) { state.is_closed = true; });
  }

 private:
  struct State {
    std::deque<T> items;
    bool is_closed = false;
  };

  const std::size_t places_;
  GuardedCondition<State> state_;
};

}  // namespace rollcall
