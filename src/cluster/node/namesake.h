// Whether another program has this node's name, and goes on.
//
// Shape    the key of the name stays as long as its lease: of a node that was killed, as long as etcd has no majority, and
//          then for one lease more. So only answers count that a majority has given: the key is somebody else's, and still is
//          k_namesake later, without an answer missing between.
// Time     an argument: raw.
#pragma once

#include <optional>

#include "cluster/clocks.h"
#include "cluster/timing.h"

namespace rollcall::cluster {

// Longer than the lease of a node that was killed, which a new leader of etcd lets begin anew.
inline constexpr std::chrono::seconds k_namesake = 3 * k_session;
inline constexpr std::chrono::seconds k_namesake_answers = 2 * k_session;  // two answers are no further apart

class Namesake {
 public:
  // The attempt to create this node's key was answered: another one has it.
  void found(Raw now) {
    if (!since_ || now - last_ > k_namesake_answers) since_ = now;
    last_ = now;
  }
  // The key is ours, or gone; or there was no answer.
  void forget() { since_.reset(); }
  [[nodiscard]] bool goes_on() const { return since_ && last_ - *since_ > k_namesake; }

 private:
  std::optional<Raw> since_;
  Raw last_{};
};

}  // namespace rollcall::cluster
