// One node of a cluster: connects the parts of this room, and drives them.
//
//   etcd ◄──► Engine ──► Follower ──► FollowedRoll ──► registry, replica, Member
//                 ▲ ◄─── Lanes ◄───── AgreedWriter ◄── changes of this node
//                 └──── Member, Ends ◄── time;  Member ◄──► PeerNetwork ◄──► the other nodes
//
// Owner    rollcalld.cc. Borrows the engine, the roll's parts and the peers' network, which all outlive it, but the engine's
//          callbacks, which end first (`end`).
// Threads  a thread of its own from `start` to `end`; everything else as each part says.
// Source   docs/cluster.md; docs/architecture.md, "The leases of a cluster".
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cluster/node/catch_up.h"
#include "cluster/node/drains.h"
#include "cluster/node/ends.h"
#include "cluster/node/followed_roll.h"
#include "cluster/node/member.h"
#include "cluster/peers.h"
#include "cluster/skydns/importer.h"
#include "registry/ports/everywhere.h"

namespace rollcall::cluster {

// Records of other programs (skydns/).
struct RecordOptions {
  std::string prefix;                       // no slash at its end
  bool mirrors = false;                     // the roll's instances are written there
  std::unique_ptr<Engine> store = nullptr;  // that has them; null: the cluster's
};

struct NodeOptions {
  std::string cluster;
  std::string name;
  StoredNode self;  // addresses, version and hashes
  std::chrono::milliseconds stale_for{};
  std::chrono::milliseconds forget_service_after{};
  registry::LeaseBounds bounds;
  bool has_copy = false;  // what this node has stored is the cluster's roll, of an earlier time
};

// How the answers of the DNS stand. Expired also: this node has never had the roll, so an empty answer would be a lie.
enum class Freshness : std::uint8_t { fresh, stale, expired };

class Node final : public registry::Everywhere {
 public:
  struct Parts {
    registry::Registry& registry;
    registry::Replica& replica;
    const registry::TimeSource& clock;
    const registry::ZoneDirectory& zones;
    std::vector<std::string> zone_names;  // by ZoneId
    Lanes::RunSoon run_soon;              // on the writer's thread
    std::function<void(registry::ZoneId)> counted;
    std::function<void(Freshness)> freshness;
    std::function<void(std::string)> fatal;  // the program must end, and why
  };

  Node(std::unique_ptr<Engine> engine, NodeOptions options, RecordOptions records, Parts parts);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Registry::let_decide, Writer::set_agreed and the peers' network take these.
  [[nodiscard]] Member& member() { return member_; }
  [[nodiscard]] registry::AgreedWriter& agreed() { return *agreed_; }
  [[nodiscard]] const FollowedRoll& roll() const { return *roll_; }

  // Whether answers are up to date: this node has come up to etcd, and is in touch with it.
  [[nodiscard]] bool is_fresh() const { return freshness_ == Freshness::fresh; }

  // Begins to follow and to join; the writer's thread runs. `peers` outlives the node's thread.
  void start(PeerNetwork& peers);
  // Hands over and leaves, in 2 s at most: heartbeats are refused from here on. Main thread.
  void leave();
  // After the writer has stopped: nothing is called back any more.
  void end();

  // --- Everywhere
  void read_latest(std::move_only_function<void(std::optional<registry::ChangeIndex>)> reply) override;
  // `reply` is called on the node's thread; false also when this node is no member.
  void wait_for(registry::ChangeIndex index, std::move_only_function<void(bool)> reply) override;

  // This node tells secondaries of changes (the first member), or nobody else can.
  [[nodiscard]] bool notifies() const;

  struct State {
    MemberState member;
    Link link{};
    Freshness freshness{};
    std::chrono::milliseconds stale_since{};  // how long
    EngineState etcd;
    std::size_t ends_waiting = 0;
    std::vector<std::string> ignored;  // sentences for keys that are not on the roll, the first of them
    std::size_t ignored_count = 0;
    std::vector<std::string> differing;  // nodes with other zone files or settings
    std::vector<std::pair<std::string, StoredNode>> others;
    StoredNode self;
    registry::ChangeIndex index = 0;
  };
  [[nodiscard]] State state() const;
  [[nodiscard]] const NodeOptions& options() const { return options_; }
  [[nodiscard]] const LaneCounters& lane_counters() const { return lanes_.counters(); }
  [[nodiscard]] const EndCounters& end_counters() const { return ends_.counters(); }

 private:
  void run(const std::stop_token& stop);
  void tick();
  void note_heard();
  [[nodiscard]] Freshness freshness_now(const MemberState& member);
  [[nodiscard]] bool has_caught_up(const MemberState& member);
  void look_at_freshness();
  void end_too_long(const registry::InstanceRef& key);
  void look_at_etcd();
  void tell_of_differences();
  void keep_house();
  void tell_waiting();
  [[nodiscard]] DrainAnswer answer_drain(const DrainQuestion& question) const;

  struct Waiting {
    registry::ChangeIndex index = 0;
    std::chrono::steady_clock::time_point until;
    std::move_only_function<void(bool)> reply;
  };

  const NodeOptions options_;
  Parts parts_;
  const Keys keys_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Engine> record_engine_;  // null: engine_
  KnownInstances known_;
  ZoneBases bases_;
  Member member_;
  Lanes lanes_;
  std::unique_ptr<registry::AgreedWriter> agreed_;
  std::unique_ptr<FollowedRoll> roll_;
  std::shared_ptr<Follower> follower_;
  std::shared_ptr<Importer> importer_;
  Ends ends_;
  std::shared_ptr<Drains> drains_;
  PeerNetwork* peers_ = nullptr;

  mutable std::mutex mutex_;  // of what follows
  EngineState etcd_;
  std::vector<Waiting> waiting_;
  std::vector<PeerAddress> told_peers_;  // the node's thread
  CatchUp catch_up_;
  std::atomic<Freshness> freshness_;
  std::atomic<std::int64_t> stale_since_ns_;
  std::atomic<bool> keeps_house_{false};
  std::chrono::steady_clock::time_point next_poll_{};
  std::chrono::steady_clock::time_point next_look_{};
  std::chrono::steady_clock::time_point next_store_{};
  std::atomic<std::int64_t> contact_ns_{0};  // steady: etcd has answered last
  Link said_link_ = Link::connecting;
  bool said_member_ = false;
  std::vector<std::string> said_differing_;
  std::jthread thread_;
};

}  // namespace rollcall::cluster
