// Whether the watch is late, so that another member of etcd is to be asked.
//
// Shape    a look at each proof of the session: how long this node is behind, what the watch has brought, and what etcd has.
//          Late is a watch that has not brought what etcd had at the look before. What was brought and waits here to be shown
//          would come no sooner from another member: to break off the watch of a node that is busy makes it later still. Who is
//          asked next gets k_watch_late too.
// Time     an argument: raw.
#pragma once

#include <optional>
#include <utility>

#include "cluster/clocks.h"
#include "cluster/engine.h"
#include "cluster/timing.h"

namespace rollcall::cluster {

inline constexpr std::chrono::seconds k_watch_late{2};

class LateWatch {
 public:
  [[nodiscard]] bool is_late(Duration behind, Revision brought, Revision newest, Raw now) {
    const Revision before = std::exchange(newest_, newest);
    const bool had_time = !asked_at_ || now - *asked_at_ > k_watch_late;
    if (behind <= k_watch_late || brought >= before || !had_time) return false;
    asked_at_ = now;
    return true;
  }

 private:
  Revision newest_ = 0;          // at the last look
  std::optional<Raw> asked_at_;  // another member
};

}  // namespace rollcall::cluster
