// A batch of changes as one transaction of etcd. Pure.
//
// Shape    it compares `last`, so that it is made on exactly the keys it was planned on, or not at all; and what it puts is
//          the same however often it is sent.
// Limits   k_plan_operations_max, k_plan_bytes_max, counted by `cost_of`: what is within them is within etcd's bounds.
// Source   etcd: --max-txn-ops 128, --max-request-bytes 1.5 MiB.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cluster/engine.h"
#include "cluster/kv/kv_keys.h"
#include "kv/changes.h"

namespace rollcall::cluster {

inline constexpr std::size_t k_plan_operations_max = 120;   // beside `last`, `done/` and a record of lock delays
inline constexpr std::size_t k_plan_bytes_max = 1'400'000;  // of keys and values
inline constexpr std::size_t k_plan_old_delays_max = 4;     // deleted with a batch

struct PlanCost {
  std::size_t operations = 0;
  std::size_t bytes = 0;

  PlanCost& operator+=(PlanCost other) {
    operations += other.operations;
    bytes += other.bytes;
    return *this;
  }
  [[nodiscard]] bool fits() const { return operations <= k_plan_operations_max && bytes <= k_plan_bytes_max; }
};

// What a change takes at most.
[[nodiscard]] PlanCost cost_of(const kv::Change& change);

struct PlanTarget {
  const KvKeys& keys;
  std::string node;
  std::string batch;                         // a random id
  Revision last = 0;                         // of the key `last` that the changes were made on
  std::vector<std::string> old_delays = {};  // batches whose lock delays are over
};
// Of several changes of one key the last counts.
[[nodiscard]] Transaction plan_batch(const PlanTarget& target, const kv::Changes& changes);

}  // namespace rollcall::cluster
