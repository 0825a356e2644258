// This node as a member of its cluster: its session in etcd, its place among the members, and the liveness rules, held under
// one lock and driven by time.
//
// Shape    Liveness says what is to be done (Actions); this makes transactions of it, and tells Liveness what came of them.
//          Heartbeats come through the LeaseAuthority, polls of other nodes through the PeerService.
// Owner    the Node. Borrows the engine, which is destroyed first, and the table of known instances.
// Threads  any may call; one lock around each call of Liveness, so that answering a heartbeat and logging it are one step.
//          `tick` the node's thread.
// Failure  Standing says why heartbeats are refused, in a sentence for people.
// Source   cluster/liveness.h; docs/cluster.md.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/clocks.h"
#include "cluster/engine.h"
#include "cluster/keys.h"
#include "cluster/liveness.h"
#include "cluster/node/late_watch.h"
#include "cluster/node/namesake.h"
#include "cluster/peers.h"
#include "cluster/roll/instance_ids.h"
#include "cluster/roll/known_instances.h"
#include "cluster/roll/values.h"
#include "registry/ports/lease_authority.h"
#include "registry/registry.h"

namespace rollcall::cluster {

[[nodiscard]] Raw boot_time();                         // CLOCK_BOOTTIME
[[nodiscard]] std::string_view reason_of(GiveUp why);  // the end of a sentence: "its session in etcd has ended"

struct MemberCounters {
  std::atomic<std::uint64_t> answered{0};   // heartbeats, at once
  std::atomic<std::uint64_t> put_first{0};  // through etcd
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> unknown{0};
  std::atomic<std::uint64_t> incarnations{0};
};

// How it stands, for status and metrics.
struct MemberState {
  bool is_member = false;
  bool answers = false;  // heartbeats and changes
  bool is_stopping = false;
  std::string why_not;      // it does not answer; empty: it does
  Duration proof_left{};    // until heartbeats are refused, if no further proof succeeds
  Duration behind{};        // how long a revision has been known that is not applied here
  Duration rejoins_in{};    // a node that ended uncleanly several times waits
  std::size_t members = 0;  // with this node
  std::string liveness;     // a line
};

class Member final : public registry::LeaseAuthority, public PeerService {
 public:
  struct Callbacks {
    std::function<void(const std::vector<DueEnd>&)> ends;  // leases that are over
    std::function<DrainAnswer(const DrainQuestion&)> drain;
    std::function<Safety(const DrainQuestion&, LeaseTime safe_here)> safety;
    std::function<void(const registry::InstanceRef&)> too_long = {};  // asks the store to end it
  };

  // `self`: what the node's key says of it, without what changes. `zone_names`: by ZoneId.
  Member(Engine& engine, const Keys& keys, std::string name, StoredNode self, std::vector<std::string> zone_names,
         const KnownInstances& known, Callbacks callbacks);

  // Before `found` every heartbeat is refused. `registry`: what is visible here.
  void found(const StoredFormat& format, const registry::Registry& registry);

  // The watch, or a read, has brought what etcd had at this revision; it may wait here to be shown. Any thread.
  void brought(Revision revision) { brought_.store(revision, std::memory_order_relaxed); }

  // --- what was followed; on the writer's thread, when it is visible
  void apply(const RollRevision& revision);
  // A full read. `own`: of this node's key nodes/<name>.
  void read(const RollSnapshot& snapshot, const std::optional<StoredRegistration>& own);
  void see_node(const std::string& name, std::optional<StoredNode> value);
  // What was followed is void: no member any more, until everything was read again.
  void lose_history();

  // --- driven
  void tick(std::size_t ends_waiting = 0);
  [[nodiscard]] std::vector<SentPoll> polls();
  // Heartbeats that other nodes have told of since the last call: until when the instance is known to live.
  struct Heard {
    InstanceId id;
    Raw at;
  };
  [[nodiscard]] std::vector<Heard> take_heard();
  void end_differed(const DueEnd& end);
  // The guards of a transaction that ends leases.
  struct EndGuards {
    Revision session = 0;
    Revision members = 0;
  };
  [[nodiscard]] std::optional<EndGuards> end_guards();

  // Refuses from now on, hands over, leaves; `has_left` when that is done, or when it has taken too long.
  void stop();
  [[nodiscard]] bool has_left() const { return has_left_.load(std::memory_order_acquire); }

  // --- LeaseAuthority
  [[nodiscard]] Verdict heartbeat(const registry::InstanceRef& key) override;
  [[nodiscard]] bool accepts_changes() const override;
  [[nodiscard]] Sent now() const override;
  [[nodiscard]] Verdict confirm(const registry::InstanceRef& key, registry::ChangeIndex index, Sent sent) override;

  void critical_too_long(const registry::InstanceRef& key) override;
  [[nodiscard]] Safety safe_after(const registry::InstanceRef& key, registry::ChangeIndex index,
                                  LeaseTime safe_here) override;

  // --- PeerService
  [[nodiscard]] PollAnswer answer(const PollRequest& request) override;
  void take(const SentPoll& poll, const PollAnswer& answer) override;
  [[nodiscard]] DrainAnswer answer(const DrainQuestion& question) override { return callbacks_.drain(question); }

  // --- as it is
  [[nodiscard]] MemberState state() const;
  [[nodiscard]] bool is_first_member() const;  // by name: does what one node does for all
  // Of all members, one does what an instance needs once (its checks): the one with the highest weight for it.
  [[nodiscard]] bool is_chosen_for(const registry::InstanceRef& key) const;
  [[nodiscard]] std::vector<std::string> other_members() const;
  [[nodiscard]] std::optional<Revision> applied_by_all() const;  // every member shows it; empty: this node is none
  [[nodiscard]] std::vector<std::pair<std::string, StoredNode>> nodes() const;
  [[nodiscard]] std::vector<PeerAddress> peer_addresses() const;
  // Whose zone files or settings are not ours.
  [[nodiscard]] std::vector<std::string> differing() const;
  // Another program has this node's name, and goes on.
  [[nodiscard]] bool has_namesake() const;
  void set_addresses(std::string peers, std::string http);   // before it is driven
  void set_hashes(std::string zones, std::string settings);  // after a reload
  [[nodiscard]] StoredNode self() const;
  [[nodiscard]] const MemberCounters& counters() const { return counters_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  [[nodiscard]] Now here() const { return clock_.pass(boot_time()); }
  [[nodiscard]] bool is_founded() const { return ids_.load(std::memory_order_acquire) != nullptr; }
  [[nodiscard]] InstanceId id_of(const registry::InstanceRef& key) const;
  [[nodiscard]] std::string value(bool is_member) const;
  [[nodiscard]] std::string registration(bool is_in) const;
  void begin_incarnation(GiveUp why);
  void begin();
  void note_membership();
  void create_session();
  void put_session();
  void prove();
  void publish();
  void join();
  void leave();
  [[nodiscard]] bool may_join();
  template <class Then>
  std::function<void(Committed)> if_still(Then then);

  Engine& engine_;
  const Keys& keys_;
  const std::string name_;
  const NodeKeys node_keys_;
  const std::vector<std::string> zone_names_;
  const KnownInstances& known_;
  const Callbacks callbacks_;
  const registry::Registry* registry_ = nullptr;

  mutable std::mutex mutex_;
  mutable OwnClock clock_;
  mutable Liveness liveness_;
  StoredNode self_;
  std::vector<std::pair<std::string, StoredNode>> nodes_;  // all others that have a session, by name
  UncleanEnds unclean_;
  // Of the history that is followed; null before it is found. Read without the lock: those of histories before stay.
  std::atomic<const InstanceIds*> ids_{nullptr};
  std::deque<InstanceIds> all_ids_;
  std::uint64_t base_ = 0;
  bool is_reading_ = true;  // nothing was read yet
  bool has_lease_ = false;  // the engine's session is open
  bool is_stopping_ = false;
  Revision newest_ = 0;  // of our keys, that is known to exist
  LateWatch late_watch_;
  Namesake namesake_;
  std::string why_joins_not_;
  GiveUp gave_up_ = GiveUp::no;
  std::vector<Heard> heard_;
  std::atomic<Revision> brought_{0};
  std::atomic<bool> has_left_{false};
  MemberCounters counters_;
};

}  // namespace rollcall::cluster
