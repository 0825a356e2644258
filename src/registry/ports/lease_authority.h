// Port to what decides about leases in a cluster: which heartbeats count, and whether this node may change the roll.
//
// Shape    a question about one instance, answered at once. A node that decides for itself has none: its own leases decide.
// Owner    rollcalld.cc; it outlives the Registry's users.
// Threads  as each call says.
// Failure  a verdict: no call fails in another way.
// Source   docs/architecture.md, "The leases of a cluster".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "registry/instance/instance.h"

namespace rollcall::registry {

class LeaseAuthority {
 public:
  enum class Verdict : std::uint8_t {
    renewed,    // heard, and every member will know
    put_first,  // the lease is over, or nearly: only the shared store can say; a change Renew asks it
    refused,    // this node cannot make a heartbeat count now: the client asks another one
    unknown,    // not on the roll as this node knows it, which may be behind; a change Renew asks the shared store
  };
  using Sent = std::chrono::nanoseconds;  // a time of the authority's own clock

  virtual ~LeaseAuthority() = default;

  // A heartbeat has come to this node. Any thread.
  [[nodiscard]] virtual Verdict heartbeat(const InstanceRef& key) = 0;
  // False: every change is refused here. Any thread.
  [[nodiscard]] virtual bool accepts_changes() const = 0;
  // For `confirm`: the time at which a proposal is sent. Any thread.
  [[nodiscard]] virtual Sent now() const = 0;
  // May the client of a change that begins or renews a lease be told that it was made? Only `renewed` says so, and counts as
  // a heartbeat heard now. `index`: of the change as it is stored; the roll here has followed up to it. Writer thread.
  [[nodiscard]] virtual Verdict confirm(const InstanceRef& key, ChangeIndex index, Sent sent) = 0;

  // A check of the instance has been critical for its `ends_after`: whoever is in charge asks the store to end it
  // (End::is_critical_too_long). Told again every second, until it has left or its check has passed. Writer thread.
  virtual void critical_too_long(const InstanceRef& /*key*/) {}

  // When no cache can hold an answer of any node with the draining instance any more. `index`: of its version here;
  // `safe_here`: by the answers of this node alone. Any thread.
  struct Safety {
    LeaseTime at = LeaseTime::max();          // max: not known yet
    std::vector<std::string> waits_for = {};  // nodes that have not said
  };
  [[nodiscard]] virtual Safety safe_after(const InstanceRef& /*key*/, ChangeIndex /*index*/, LeaseTime safe_here) {
    return {.at = safe_here};
  }
};

}  // namespace rollcall::registry
