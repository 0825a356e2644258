// What happens to a cluster's keys as a whole, before a node starts: a cluster is made of one node's roll, and its indexes
// are raised after etcd was restored.
//
// Threads  the calling one waits for etcd, k_founding_deadline at most for each step.
// Failure  Errc::start_up, with the sentence that rollcalld ends with; nothing counts as founded before all of it is there.
//          One node founds at a time: each of its transactions compares and puts `founding`. Where an earlier attempt has
//          ended half-way, the next one deletes what that had put, and begins anew.
// Source   docs/cluster.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cluster/engine.h"
#include "cluster/keys.h"
#include "cluster/roll/values.h"
#include "registry/ports/ports.h"

namespace rollcall::cluster {

inline constexpr std::chrono::seconds k_founding_deadline{10};
inline constexpr std::size_t k_founding_octets_max = 768 << 10;  // of the values of one transaction; etcd takes 1.5 MB

// Empty: etcd answers, and has no cluster of this name. Errc::unreachable: it does not answer.
[[nodiscard]] Result<std::optional<StoredFormat>> find_cluster(Engine& engine, const Keys& keys);

// `base`: of the indexes to come, the last one that the roll has shown. `serials`: by how much each zone's serial is ahead
// of its file's.
struct Founding {
  std::vector<registry::InstanceRecord> instances;
  std::uint64_t base = 0;
  std::vector<std::pair<registry::ZoneId, std::uint32_t>> serials;
  // Another attempt that does nothing for so long is over.
  std::chrono::milliseconds patience = std::chrono::seconds(5);
};
[[nodiscard]] Result<void> found_cluster(Engine& engine, const Keys& keys, const registry::ZoneDirectory& zones,
                                         const Founding& founding);

// After etcd was restored from a snapshot: indexes go on above `index`, and the history gets a new name, so that no node
// goes on in the old one.
[[nodiscard]] Result<void> renew_history(Engine& engine, const Keys& keys, std::uint64_t index);

}  // namespace rollcall::cluster
