// Ends leases that are over: deletes their keys, if nothing has changed that liveness has decided by. Where a check turns
// critical at the deadline (LeaseKind::turns_critical), the instance is put with it instead, and stays.
//
// Shape    what is due waits in one queue; k_end_lanes transactions are in flight at most, each of k_ends_of_transaction_max
//          ends and k_end_octets_max, each comparing the instances' revisions, the fence and this node's session.
// Owner    the Node. Borrows the engine, which is destroyed first.
// Threads  `propose` one with an rcu::Thread; the rest any.
// Failure  none is lost: what does not come to an end is due again, by Liveness. When etcd is out of space, transactions only
//          delete; the changes are then counted for the zones' serials by the first member.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "cluster/node/member.h"
#include "cluster/roll/known_instances.h"
#include "cluster/roll/lanes.h"

namespace rollcall::cluster {

inline constexpr std::size_t k_end_octets_max = 768 << 10;  // of the values of one transaction; etcd takes 1.5 MB

struct EndCounters {
  std::atomic<std::uint64_t> proposed{0};
  std::atomic<std::uint64_t> applied{0};
  std::atomic<std::uint64_t> differed{0};
  std::atomic<std::uint64_t> failed{0};  // refused, or of unknown outcome
};

class Ends {
 public:
  Ends(Engine& engine, const Keys& keys, std::vector<std::string> zone_names, const KnownInstances& known,
       const ZoneBases& bases, const registry::Registry& registry, Member& member);
  ~Ends();

  void propose(const std::vector<DueEnd>& due);
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] const EndCounters& counters() const { return counters_; }

 private:
  struct Flight;
  // What is put at the deadline.
  struct Lapse {
    std::string value;
    LaneRecord::Mark mark;  // without its key
  };
  struct Due {
    DueEnd end;
    std::optional<Lapse> lapse = {};
  };
  [[nodiscard]] bool add_lapse(Due& due) const;
  void send();
  [[nodiscard]] bool fill(Flight& flight, Transaction& transaction);
  void took(const std::shared_ptr<Flight>& flight, const Committed& committed);

  Engine& engine_;
  const Keys& keys_;
  const NodeKeys node_keys_;
  const std::vector<std::string> zone_names_;
  const KnownInstances& known_;
  const ZoneBases& bases_;
  const registry::Registry& registry_;
  Member& member_;
  mutable std::mutex mutex_;
  std::deque<Due> queue_;
  std::unordered_set<InstanceId, KnownInstances::Hash> queued_;  // and in flight
  std::vector<std::shared_ptr<Flight>> free_;
  EndCounters counters_;
};

}  // namespace rollcall::cluster
