// Which instance each id of the exchange stands for: all instances below roll/, as this node has followed them.
//
// Memory   about 200 octets an instance.
// Threads  any; each call holds the lock for one look-up, or for those of its list.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "cluster/engine.h"
#include "cluster/exchange.h"
#include "registry/instance/instance.h"

namespace rollcall::cluster {

struct KnownInstance {
  registry::InstanceKey key;
  Revision revision = 0;            // of its key's last change
  std::chrono::milliseconds ttl{};  // zero: the nodes end no lease of it (it has none, or it goes with an etcd lease)
  bool turns_critical = false;      // at the end of its lease a check does, and the instance stays
  bool has_etcd_lease = false;      // its key goes with a lease that another program keeps
};

class KnownInstances {
 public:
  void put(const InstanceId& id, KnownInstance known) {
    const std::lock_guard lock(mutex_);
    known_.insert_or_assign(id, std::move(known));
  }
  void remove(const InstanceId& id) {
    const std::lock_guard lock(mutex_);
    known_.erase(id);
  }
  [[nodiscard]] std::optional<KnownInstance> find(const InstanceId& id) const {
    const std::lock_guard lock(mutex_);
    const auto at = known_.find(id);
    return at == known_.end() ? std::nullopt : std::optional(at->second);
  }
  // Those of `items` that are there, without copies: visit(item, known), under the lock: it must not come back here.
  template <class Items, class Visit>
  void for_each_of(const Items& items, Visit&& visit) const {
    const std::lock_guard lock(mutex_);
    for (const auto& item : items) {
      if (const auto at = known_.find(item.id); at != known_.end()) visit(item, at->second);
    }
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return known_.size();
  }
  // Every instance, under the lock: `visit` must not come back here.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, known] : known_) visit(id, known);
  }
  // Replaces all: after a full read.
  template <class Map>
  void replace(Map&& all) {
    const std::lock_guard lock(mutex_);
    known_ = std::forward<Map>(all);
  }

  struct Hash {
    std::size_t operator()(const InstanceId& id) const noexcept {
      return std::size_t{id.words[0]} | std::size_t{id.words[1]} << 32;
    }
  };
  using Map = std::unordered_map<InstanceId, KnownInstance, Hash>;

 private:
  mutable std::mutex mutex_;
  Map known_;
};

}  // namespace rollcall::cluster
