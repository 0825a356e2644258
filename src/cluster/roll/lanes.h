// Commits transactions of the registry in etcd: the Agreement of a cluster.
//
// Shape    each lane has one key, `last/<node>/<lane>`, which every transaction of the lane compares and puts. So a
//          transaction that arrives late is never applied after a newer one of its lane, and one whose outcome is unknown is
//          settled by touching the lane: afterwards it has been applied, or never will be.
//
//            proposed ─► applied                                ─► Committed
//                 │ └──► differed: an instance has changed      ─► a conflict that names it
//                 │  └─► differed: only the lane has            ─► proposed again, with the lane as it is
//                 └────► unknown ─► touched ─► applied, or not  ─► Committed, or refused
//
// Owner    borrows the engine, which is destroyed first.
// Threads  `propose`, `read_latest`: the writer's. Outcomes arrive on the engine's thread and are handed over by `run_soon`.
// Failure  while etcd does not answer, the lane is touched again by each `look_again`.
// Limits   one transaction in flight a lane, k_changes_of_lane_max changes of k_zones_of_lane_max zones and
//          k_octets_of_lane_max in it: within etcd's 128 operations and 1.5 MB.
// Source   docs/cluster.md; etcd v3 API (Txn).
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "cluster/engine.h"
#include "cluster/keys.h"
#include "cluster/roll/values.h"
#include "registry/ports/agreement.h"
#include "registry/ports/ports.h"

namespace rollcall::cluster {

inline constexpr std::uint32_t k_lanes = 8;      // of registrations; numbers 0 …
inline constexpr std::uint32_t k_end_lanes = 4;  // of ends of leases; numbers k_lanes …
inline constexpr std::size_t k_changes_of_lane_max = 100;
inline constexpr std::size_t k_zones_of_lane_max = 24;
inline constexpr std::size_t k_octets_of_lane_max = std::size_t{1} << 20;  // of keys and values; etcd takes 1.5 MB

// What the nodes of a cluster agree on beside the roll, and a transaction has to know.
class ZoneBases {
 public:
  void set(const std::string& zone, std::uint32_t base);
  [[nodiscard]] std::string value_of(const std::string& zone) const;  // of its serial/ key

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, std::uint32_t>> bases_;  // those that are not zero
};

struct LaneCounters {
  std::atomic<std::uint64_t> proposed{0};
  std::atomic<std::uint64_t> applied{0};
  std::atomic<std::uint64_t> conflicts{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> unknown{0};  // settled afterwards
};

// One lane: its key as it is in etcd, as far as that is known.
class Lane {
 public:
  Lane(std::string key, std::string node) : key_(std::move(key)), node_(std::move(node)) {}

  // Adds the lane's guard and its record to a transaction; returns the record's id.
  std::string guard(Transaction& transaction, LaneRecord record, bool only_compares = false);
  // A transaction that does nothing but put the lane: applied, nothing sent before it can be any more.
  [[nodiscard]] Transaction touch(std::string& id);
  void applied(Revision revision) { changed_ = revision; }
  // What a transaction that differed has read of the lane. Whether that is news.
  bool learn(const std::vector<KeyValue>& read);
  // The revision at which the lane had this id, if that is its last.
  [[nodiscard]] std::optional<Revision> revision_of(const std::vector<KeyValue>& read, const std::string& id) const;
  [[nodiscard]] const std::string& key() const { return key_; }

 private:
  std::string key_;
  std::string node_;
  Revision changed_ = 0;
};

[[nodiscard]] std::string random_id();

class Lanes final : public registry::Agreement {
 public:
  using RunSoon = std::function<void(std::move_only_function<void()>)>;  // on the writer's thread

  Lanes(Engine& engine, const Keys& keys, std::string node, const registry::ZoneDirectory& zones,
        const ZoneBases& bases, RunSoon run_soon);
  ~Lanes() override;

  // The base of indexes: before the first proposal, and when the history is another one. Any thread.
  void begin(std::uint64_t base);

  [[nodiscard]] std::size_t lanes() const override { return k_lanes; }
  [[nodiscard]] std::size_t changes_max() const override { return k_changes_of_lane_max; }
  [[nodiscard]] std::size_t zones_max() const override { return k_zones_of_lane_max; }
  void propose(std::size_t lane, const registry::Transaction& transaction, Reply reply) override;
  // Before `begin` nothing is known.
  void read_latest(std::move_only_function<void(std::optional<registry::ChangeIndex>)> reply) override;

  // Touches the lanes whose touch has not been answered. Any thread, every now and then: etcd that is down says so at once.
  void look_again();

  [[nodiscard]] const LaneCounters& counters() const { return counters_; }

 private:
  struct Place;
  void send(const std::shared_ptr<Place>& place);
  void took(const std::shared_ptr<Place>& place, Committed committed);
  void differed(const std::shared_ptr<Place>& place, const Committed& committed);
  void settle(const std::shared_ptr<Place>& place);
  void settled(const std::shared_ptr<Place>& place, const Committed& committed);
  void reply(const std::shared_ptr<Place>& place, registry::Recorded recorded);
  [[nodiscard]] std::expected<void, registry::NotRecorded> fill(Place& place,
                                                                const registry::Transaction& transaction) const;

  Engine& engine_;
  const Keys& keys_;
  const std::string node_;
  const registry::ZoneDirectory& zones_;
  const ZoneBases& bases_;
  const RunSoon run_soon_;
  std::atomic<std::uint64_t> base_{0};
  std::atomic<bool> has_begun_{false};
  std::vector<std::shared_ptr<Place>> places_;
  std::vector<std::shared_ptr<Place>> unsettled_;  // the writer's
  std::atomic<bool> has_unsettled_{false};
  std::vector<std::move_only_function<void(std::optional<registry::ChangeIndex>)>> latest_;  // wait for a reading
  bool is_reading_ = false;
  LaneCounters counters_;
};

}  // namespace rollcall::cluster
