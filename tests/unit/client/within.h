// Waiting for what other threads do.
#pragma once

#include <chrono>
#include <thread>

namespace rollcall::client {

// Whether the condition held at some moment of this time; it is asked every few milliseconds.
template <class Condition>
bool within(std::chrono::milliseconds time, const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + time;
  for (; std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(std::chrono::milliseconds(2))) {
    if (condition()) return true;
  }
  return condition();
}

}  // namespace rollcall::client
