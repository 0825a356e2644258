#include "client/touch.h"

#include <algorithm>

namespace rollcall::client {

using std::chrono::steady_clock;

void Touch::note_acknowledged(Time sent, std::chrono::milliseconds lease) {
  state_.change([&](State& state) {
    state.until = state.is_acknowledged ? std::max(state.until, sent + lease) : sent + lease;
    state.is_acknowledged = true;
  });
}

void Touch::close() {
  state_.change([](State& state) { state.is_closed = true; });
}

bool Touch::is_registered(Time now) const {
  return state_.with([now](const State& state) { return !state.is_closed && state.is_registered(now); });
}

bool Touch::wait_until_registered(Time until) {
  state_.wait_until(until,
                    [](const State& state) { return state.is_closed || state.is_registered(steady_clock::now()); });
  return is_registered(steady_clock::now());
}

void Touch::watch(const std::function<void(bool)>& on_touch) {
  bool is_in_touch = true;
  while (true) {
    const State seen = state_.with([](const State& state) { return state; });
    if (seen.is_closed) return;
    if ((steady_clock::now() < seen.until) != is_in_touch) {
      is_in_touch = !is_in_touch;
      on_touch(is_in_touch);
      continue;
    }
    const auto has_moved = [&seen](const State& state) { return state.is_closed || state.until != seen.until; };
    if (is_in_touch) {
      state_.wait_until(seen.until, has_moved);
    } else {
      state_.wait(has_moved);
    }
  }
}

}  // namespace rollcall::client
