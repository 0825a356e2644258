// Instances whose lease has ended and that have not registered again: the history tells their return from a first
// registration.
//
// Shape    hashes of keys. A collision (2^-48) would name the wrong cause in the history, nothing else. The oldest are
//          forgotten beyond k_came_back_max.
// Threads  the writer's.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_set>

#include "base/limits.h"
#include "registry/instance/instance.h"

namespace rollcall::registry {

class EndedLeases {
 public:
  void add(const InstanceRef& key) {
    const std::uint64_t hash = hash_of(key);
    if (!hashes_.insert(hash).second) return;
    order_.push_back(hash);
    if (order_.size() <= limits::k_came_back_max) return;
    hashes_.erase(order_.front());
    order_.pop_front();
  }
  void remove(const InstanceRef& key) { hashes_.erase(hash_of(key)); }
  [[nodiscard]] bool contains(const InstanceRef& key) const { return hashes_.contains(hash_of(key)); }

 private:
  std::unordered_set<std::uint64_t> hashes_;
  std::deque<std::uint64_t> order_;
};

}  // namespace rollcall::registry
