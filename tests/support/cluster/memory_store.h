// What etcd keeps and decides, in memory: keys with their revisions, guarded transactions within etcd's limits, leases, the
// history and its compaction, lack of space, and snapshots that are restored. No delays and no network: memory_engine.h.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/engine.h"
#include "support/cluster/virtual_time.h"

namespace rollcall::cluster::testing {

using LeaseId = std::uint64_t;  // 0: none

class MemoryStore {
 public:
  static constexpr std::uint64_t k_first_cluster = 1;

  Committed apply(const Transaction& transaction, LeaseId lease);
  [[nodiscard]] std::vector<KeyValue> read(const Range& range) const;
  [[nodiscard]] Snapshot read(const Reading& reading) const;
  [[nodiscard]] Header header() const { return {cluster_id_, revision_}; }
  [[nodiscard]] bool has(const std::string& key) const { return keys_.contains(key); }
  [[nodiscard]] Revision changed(const std::string& key) const;
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

  [[nodiscard]] LeaseId grant(Time expires);  // 0 in lack of space
  bool renew(LeaseId lease, Time expires);
  void revoke(LeaseId lease);
  void expire(Time now);
  void renew_all(Time expires);  // a new leader does
  [[nodiscard]] std::vector<LeaseId> leases() const;
  [[nodiscard]] LeaseId lease_of(const std::string& key) const;

  // The revisions from `from` on; none when that is compacted.
  [[nodiscard]] bool is_compacted(Revision from) const { return from <= compacted_; }
  [[nodiscard]] std::shared_ptr<const RevisionEvents> history(Revision revision) const;
  void compact(Revision revision);
  void set_full(bool full) { is_full_ = full; }
  [[nodiscard]] bool is_full() const { return is_full_; }

  // What is restored goes on under the same or another cluster id; what came after the snapshot has never been.
  struct Saved;
  [[nodiscard]] std::shared_ptr<const Saved> save() const;
  void restore(const Saved& saved, bool new_cluster);

  // Called after each revision, and after a restore (with nothing).
  std::function<void(const RevisionEvents*)> changed_hook;

 private:
  struct Entry {
    KeyValue value;
    LeaseId lease = 0;
  };
  struct State {
    std::map<std::string, Entry> keys;
    std::map<LeaseId, Time> leases;
    Revision revision = 1;
  };
  [[nodiscard]] bool holds(const Compare& compare) const;
  [[nodiscard]] bool is_within_limits(const Transaction& transaction) const;
  [[nodiscard]] std::vector<KeyValue> read_past(const Range& range, Revision at) const;
  void remember();
  void finish(std::vector<KeyEvent> events);
  void drop(LeaseId lease);

  std::map<std::string, Entry> keys_;
  std::map<std::string, std::vector<KeyValue>> past_;  // of each key, oldest first; version 0: deleted
  std::map<LeaseId, Time> leases_;
  std::map<LeaseId, std::vector<std::string>> attached_;
  std::deque<std::shared_ptr<const RevisionEvents>> history_;  // of compacted_ + 1 …
  Revision revision_ = 1;
  Revision compacted_ = 1;
  LeaseId last_lease_ = 0;
  std::uint64_t cluster_id_ = k_first_cluster;
  bool is_full_ = false;
};

struct MemoryStore::Saved {
  State state;
};

}  // namespace rollcall::cluster::testing
