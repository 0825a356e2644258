// What can be known to be a lie in polls and their answers, before Liveness believes them.
//
// Shape    a PollGate for each other node: what has been answered to it, over all its connections. A poll that says to have
//          fetched more than that would let us forget, or hand over, heartbeats that nobody else knows. `judge` holds an
//          answer against its poll.
// Owner    the network. Threads one.
// Failure  a PeerRefusal: nothing of the message counts.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "cluster/peers.h"

namespace rollcall::cluster {

class PollGate {
 public:
  // `name`: of the node at the other end. A poll for an incarnation that has answered it nothing yet can have fetched nothing:
  // it comes back as one from the begin.
  [[nodiscard]] std::expected<PollRequest, PeerRefusal> admit(std::string_view name, PollRequest request);
  // What was answered to a poll that was admitted.
  void answered(const PollRequest& request, const PollAnswer& answer);

 private:
  Incarnation ours_ = 0;       // that has answered
  Incarnation theirs_ = 0;     // that has asked
  std::uint64_t given_ = 0;    // the highest place in the log of `ours_` that was given out
  std::uint64_t fetched_ = 0;  // the highest that `theirs_` has said to have fetched
};

// Why the answer cannot be believed; empty: it can.
[[nodiscard]] std::optional<PeerRefusal> judge(const PollRequest& request, const PollAnswer& answer);

}  // namespace rollcall::cluster
