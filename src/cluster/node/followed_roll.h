// Shows on this node what was followed: the registry, then liveness, then the outcomes of this node's own changes; and
// keeps the copy in SQLite.
//
// Shape    what the engine's thread brings waits in one queue, in order, and is applied on the writer's thread a portion at
//          a time. After each portion the AgreedWriter goes on, so that a 2xx comes when its change is visible here.
// Owner    the Node. Borrows everything it is given.
// Threads  `found`, `took`: the engine's thread. The rest of what changes the roll: the writer's. Reads: any.
// Failure  a disk that fails stops nothing: what the copy does not have waits, and is stored when it can be.
// Limits   k_waiting_changes_max wait; then the rest is dropped, and everything is read again.
// Source   docs/cluster.md.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cluster/node/member.h"
#include "cluster/roll/follower.h"
#include "cluster/roll/lanes.h"
#include "registry/ports/storage.h"
#include "registry/work/agreed_writer.h"

namespace rollcall::cluster {

inline constexpr std::size_t k_waiting_changes_max = std::size_t{1} << 17;  // about 100 MB
inline constexpr std::size_t k_unstored_max = std::size_t{1}
                                              << 17;  // then only the last change of each instance is kept

inline constexpr std::chrono::seconds k_copy_late_max{5};  // a restart reads so much more from etcd

struct FollowedCounters {
  std::atomic<std::uint64_t> revisions{0};
  std::atomic<std::uint64_t> snapshots{0};
  std::atomic<std::uint64_t> refused{0};     // changes that a rule has kept off the roll here
  std::atomic<std::uint64_t> waiting{0};     // revisions that are not applied yet
  std::atomic<std::uint64_t> not_stored{0};  // changes that the copy in SQLite does not have yet
  std::atomic<std::uint64_t> failed_stores{0};
};

class FollowedRoll final : public RollSink {
 public:
  struct Parts {
    registry::Registry& registry;
    registry::AgreedWriter& agreed;
    registry::Replica& replica;
    const registry::TimeSource& clock;
    const registry::ZoneDirectory& zones;
    Member& member;
    Lanes& lanes;
    ZoneBases& bases;
    std::string cluster;
    std::size_t zone_count = 0;
    Lanes::RunSoon run_soon;
    std::function<void(registry::ZoneId)> counted;           // a zone's count has moved
    std::function<void(const registry::ServiceKey&)> shown;  // a service has changed
  };
  explicit FollowedRoll(Parts parts);

  // --- RollSink
  void found(const StoredFormat& format) override;
  void lost_history() override;
  [[nodiscard]] registry::ChangeIndex shown() const override { return parts_.registry.counts().index; }
  void took(FollowedSnapshot&& snapshot) override;
  [[nodiscard]] bool took(FollowedRevision&& revision) override;

  // Stores what the copy does not have, if that is due: what waits to be shown goes first, for k_copy_late_max at most. Any
  // thread: it is done on the writer's.
  void store_soon();
  // The same at once, at the end. The writer's thread, or main once that has ended.
  void store_now();

  // To add to the serial of the zone's file; empty: not followed yet.
  [[nodiscard]] std::optional<std::uint32_t> count_of(registry::ZoneId zone) const;
  [[nodiscard]] Revision applied() const { return applied_.load(std::memory_order_acquire); }
  [[nodiscard]] registry::ChangeIndex index() const { return index_.load(std::memory_order_acquire); }
  [[nodiscard]] registry::ChangeIndex index_of(Revision revision) const {
    return base_.load(std::memory_order_acquire) + static_cast<registry::ChangeIndex>(revision);
  }
  [[nodiscard]] bool has_followed() const { return applied() > 0; }
  [[nodiscard]] const FollowedCounters& counters() const { return counters_; }

  // Registers again what lived when the history was lost, once this node accepts changes. The writer's thread.
  void put_lost_again();
  [[nodiscard]] bool has_lost() const { return has_lost_.load(std::memory_order_relaxed); }

  // What the first member does for all; on the writer's thread. A transaction of at most one portion, empty where nothing is
  // to be done: services whose stored record is not as the roll has them, zones with changes that nobody has counted.
  [[nodiscard]] Transaction housekeeping(const Keys& keys, std::chrono::milliseconds forget_after);

 private:
  using Item = std::variant<FollowedSnapshot, FollowedRevision>;
  // A snapshot that is being applied, in portions.
  struct Rest {
    std::vector<registry::DurableChange> changes;
    std::vector<registry::DurableChange> lost;  // up to the index followed, and not here: the copy has lost them
    std::size_t next = 0;
    FollowedSnapshot snapshot;
    std::uint32_t place = 0;                // of its last event
    std::set<registry::ZoneId> zones = {};  // with changes
  };
  [[nodiscard]] static std::size_t weight_of(const FollowedRevision& revision) { return 1 + revision.changes.size(); }
  void add(Item item);
  void post();
  void work();
  void apply(std::vector<FollowedRevision>&& revisions);
  void explain(std::vector<registry::DurableChange>& changes) const;
  void begin(FollowedSnapshot&& snapshot);
  void add_removals();
  [[nodiscard]] std::size_t apply_portion();
  void finish_snapshot();
  void show_lost(std::vector<registry::DurableChange>&& changes);
  void show(std::vector<registry::DurableChange>&& changes);
  void keep_shown(std::vector<registry::DurableChange>&& changes, const std::vector<registry::Refused>& refused);
  void note_service(const ServiceSeen& seen);
  void set_count(const ZoneCount& count);

  Parts parts_;
  std::atomic<std::uint64_t> base_{0};
  std::mutex mutex_;  // of what follows
  std::deque<Item> inbox_;
  std::size_t waiting_changes_ = 0;  // in the revisions there
  bool is_posted_ = false;

  // The writer's.
  std::string history_;
  std::vector<registry::Registration> lost_;  // of a roll that another history does not have: alive as far as is known
  std::optional<Rest> rest_;
  std::vector<registry::DurableChange> unstored_;
  registry::LeaseTime stored_at_;  // when the copy was last as new as the roll here, or was tried to be
  std::size_t compact_above_ = k_unstored_max;
  std::optional<LaneSeen> lane_;
  bool was_behind_replica_ = false;
  bool has_place_ = false;  // an earlier run, or this one, has followed: later differences are events
  struct Service {
    Revision changed = 0;
    StoredService stored;
  };
  std::map<registry::ServiceKey, Service> services_;
  std::set<registry::ServiceKey> unsettled_;  // their stored record may not be as the roll has them
  std::set<registry::ServiceKey> empty_;
  std::set<registry::ZoneId> uncounted_;

  std::vector<std::atomic<std::uint64_t>> counts_;  // by ZoneId; one more than the count, 0: not known
  std::atomic<bool> has_lost_{false};
  std::atomic<Revision> applied_{0};
  std::atomic<registry::ChangeIndex> index_{0};
  std::atomic<Revision> stored_{0};
  std::atomic<bool> is_storing_{false};  // a task for it waits
  FollowedCounters counters_;
};

}  // namespace rollcall::cluster
