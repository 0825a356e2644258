// How long a node that did not leave cleanly waits before it joins again: each of its ends holds up the ends of all leases
// for a while, so a loop of crashes must not.
//
// Shape    kept in etcd beside the node's name: wall times, because nothing else survives the program.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "cluster/timing.h"

namespace rollcall::cluster {

struct UncleanEnds {
  std::vector<std::chrono::seconds> ends;  // wall time, oldest first; those of the last hour
  bool is_in = false;                      // joined, and has not left cleanly since

  // At the begin of an incarnation: whoever is still in has ended uncleanly, now at the latest.
  void begin(std::chrono::seconds now) {
    if (is_in) ends.push_back(now);
    is_in = false;
    std::erase_if(ends, [&](std::chrono::seconds end) { return end <= now - k_unclean_memory || end > now; });
    if (ends.size() > k_unclean_ends_max) ends.erase(ends.begin(), ends.end() - k_unclean_ends_max);
  }

  [[nodiscard]] std::chrono::seconds wait() const {
    if (ends.size() <= 1) return std::chrono::seconds(0);
    std::chrono::seconds wait = k_backoff_first;
    for (std::size_t k = 2; k < ends.size() && wait < k_backoff_max; ++k) wait *= 2;
    return std::min<std::chrono::seconds>(wait, k_backoff_max);
  }
};

}  // namespace rollcall::cluster
