// The two clocks of a node, as types that cannot be mixed.
//
// Raw      CLOCK_BOOTTIME: goes on while the node is stopped or suspended. Decides what we may still promise.
// Own      raw without the node's own pauses: one pass of its loop advances it by k_pass_max at most. Decides what may be
//          held against others, who could not reach a node that stood still.
// Source   interface.md §2 (own pause).
#pragma once

#include <algorithm>
#include <chrono>

#include "cluster/timing.h"

namespace rollcall::cluster {

using Duration = std::chrono::nanoseconds;

template <class Tag>
struct NodeClock {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<NodeClock>;
  static constexpr bool is_steady = true;
};
using Raw = NodeClock<struct RawTag>::time_point;
using Own = NodeClock<struct OwnTag>::time_point;

// Before everything, and far enough from the smallest value that a ttl can be taken off.
template <class TimePoint>
inline constexpr TimePoint k_never{Duration{-(std::int64_t{1} << 62)}};

struct Now {
  Raw raw;
  Own own;
};

class OwnClock {
 public:
  explicit OwnClock(Raw start) : last_{start, Own{start.time_since_epoch()}} {}

  // A pass of the loop.
  Now pass(Raw raw) {
    last_.own += std::clamp<Duration>(raw - last_.raw, Duration::zero(), k_pass_max);
    last_.raw = std::max(last_.raw, raw);
    return last_;
  }

 private:
  Now last_;
};

}  // namespace rollcall::cluster
