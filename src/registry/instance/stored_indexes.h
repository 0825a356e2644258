// Under which index the shared store of a cluster has an instance, where that is not the index of its version: a heartbeat
// that has to be stored puts the same instance again, which nobody sees.
//
// Owner    the Registry; entries end with their instances. One for each instance that was put again since it has changed.
// Threads  the writer's.
#pragma once

#include <unordered_map>
#include <utility>

#include "registry/instance/instance.h"

namespace rollcall::registry {

class StoredIndexes {
 public:
  [[nodiscard]] ChangeIndex of(const Instance& instance) const {
    const auto at = stored_.find(&instance);
    return at == stored_.end() ? instance.index : at->second;
  }
  void note(const Instance& instance, ChangeIndex index) {
    if (index > instance.index) stored_.insert_or_assign(&instance, index);
  }
  void forget(const Instance& instance) {
    if (!stored_.empty()) stored_.erase(&instance);
  }

 private:
  std::unordered_map<const Instance*, ChangeIndex> stored_;
};

}  // namespace rollcall::registry
