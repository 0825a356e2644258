// When a draining instance is safe to stop: when no member's answers can be held by a cache any more.
//
// Shape    the first question about a drain asks every member, over the peers' port, until when caches hold its answers; a
//          member that has not followed the drain yet is asked again, k_ask_again later. What is known is kept while it is
//          asked for.
// Owner    the Node.
// Threads  `look` any; `tick` the node's thread; answers arrive on the peers'.
// Limits   k_drains_max drains; beyond, nothing is known of new ones until others are forgotten.
// Source   docs/cluster.md, promise 8.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/engine.h"
#include "cluster/peers.h"
#include "registry/instance/instance.h"

namespace rollcall::cluster {

inline constexpr std::size_t k_drains_max = 10'000;
inline constexpr std::chrono::milliseconds k_ask_again{200};

class Drains : public std::enable_shared_from_this<Drains> {
 public:
  explicit Drains(const TimeSource& clock) : clock_(clock) {}

  struct Known {
    LeaseTime safe_at = LeaseTime::max();   // max: not every member has answered
    std::vector<std::string> missing = {};  // members that have not
  };
  // `safe_here`: by this node's own answers.
  [[nodiscard]] Known look(const DrainQuestion& drain, LeaseTime safe_here);

  // Asks whom it has to. `members`: the other members, by name.
  void tick(const std::vector<std::string>& members, PeerNetwork& peers);

 private:
  struct Drain {
    DrainQuestion question;
    std::map<std::string, LeaseTime> safe_at;  // by member
    std::map<std::string, LeaseTime> ask_at;   // not before; max: a question is under way
    LeaseTime wanted{};                        // when somebody has asked last
  };
  using Key = std::string;
  [[nodiscard]] static Key key_of(const DrainQuestion& drain);
  void took(const Key& key, const std::string& member, const std::optional<DrainAnswer>& answer);

  const TimeSource& clock_;
  std::mutex mutex_;
  std::map<Key, Drain> drains_;
  std::vector<std::string> members_;
};

}  // namespace rollcall::cluster
