// Decides which instances are alive, on one node of a cluster: which heartbeats it may answer, what it tells other
// nodes, and which leases it may end. No instance is removed before its ttl after a heartbeat that any node has
// answered with 200.
//
// Shape    pure: no socket, no thread, no clock of its own. What happens is told by calls, with the time; what is to be
//          done comes back as values: `heartbeat` and `confirm` a verdict, `tick` the Actions, `poll` and `answer` messages.
//          The caller makes transactions of the actions (guarded.h), and reports what came of each.
// Owner    one of each node; it outlives incarnations: what it knows of instances stays, all else begins anew.
// Threads  one at a time. Answering a heartbeat and logging it are one step against answering a poll: whoever calls from
//          several threads holds one lock over each call.
// Time     raw decides what is promised, own what is held against others (clocks.h).
//
// Why it holds. Let an answered heartbeat be unknown to the node that ends. It was heard by a member after that member had
// received the poll of W, so after hi + ttl as the ender knows it; and it was answered because lo + ttl lay ahead, so that
// member knew a later heartbeat, unknown to the ender too, and heard before it. Take the first such: there is none. Members
// that left are covered by the grace and the hand-over, members that came by the fence, registrations by `seen`, `applied`
// and `timely`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/beat_table.h"
#include "cluster/clocks.h"
#include "cluster/exchange.h"
#include "cluster/roll_changes.h"
#include "cluster/rules.h"

namespace rollcall::cluster {

enum class Verdict : std::uint8_t {
  answer,     // 200: heard and logged
  put_first,  // put the instance again, comparing its revision; `confirm` gives the answer when that is applied
  wait,       // of `confirm`: not applied here yet; ask again after the next revision
  refuse,     // 503: the client goes to another node
  unknown,    // not on the roll as this node knows it: read `last/` before saying 404
};

struct Beat {
  Verdict verdict = Verdict::refuse;
  Revision revision = 0;  // of the registration, to compare
};

struct DueEnd {
  InstanceId id;
  Revision revision = 0;
};

enum class GiveUp : std::uint8_t { no, lost_session, deaf, behind, stopped };

// What is to be done now. Each is asked for again only after its outcome was reported.
struct Actions {
  bool create_session = false;  // -> session_created, session_not_created
  bool prove = false;           // -> proved, proof_failed; nothing when there is no answer
  bool publish = false;         // the own key's value has changed -> published
  bool join = false;            // -> join_settled
  bool leave = false;           // the clean leave: everybody has everything
  GiveUp give_up = GiveUp::no;  // close the session; then `begin`, or the end of the program
  std::vector<DueEnd> ends;     // -> end_differed for those that did; what else is tried again by itself
};

struct LivenessOptions {
  std::string name;
  double clocks_apart = k_clocks_apart;
  Rules rules;
};

class Liveness {
 public:
  Liveness(LivenessOptions options, Now now);

  // A new incarnation: neither session nor member. What the watch has shown stays, and goes on; before it has shown anything,
  // `read` follows. `wait`: see unclean_ends.h.
  void begin(Incarnation incarnation, Duration wait, Now now);
  void stop(Now now);  // refuses from now on, hands over, leaves

  // --- heartbeats
  [[nodiscard]] Beat heartbeat(const InstanceId& id, Now now);
  // The answer to any put that was sent at `sent` and was applied with `revision`.
  [[nodiscard]] Verdict confirm(const InstanceId& id, Revision revision, Raw sent, Now now);

  // --- the exchange
  [[nodiscard]] std::vector<SentPoll> polls(Now now);  // one to each other node, every k_poll_interval
  [[nodiscard]] PollAnswer answer(const PollRequest& request, Now now);
  void take(const SentPoll& poll, const PollAnswer& answer, Now now);

  // --- the watch
  void apply(const RollRevision& changes, Now now);
  void read(const RollSnapshot& snapshot, Now now);

  // --- what is to be done, and what came of it
  [[nodiscard]] Actions tick(Now now);
  // Ends that were asked for, and wait for their transaction. When many leases end at once each node makes its own share
  // first: else all would ask etcd for the same, and everybody's session would wait behind that.
  void note_ends_waiting(std::size_t count) { ends_waiting_ = count; }
  void session_created(Revision created);
  void session_not_created(Now now);
  void proved(Raw sent, Revision exists, Now now);  // `exists`: a revision of our keys that is known to exist
  void proof_failed();
  void renewed(Raw sent);  // the lease: proves nothing
  void published() { publishing_ = false; }
  void join_settled(bool applied) { joining_ = applied; }
  void end_differed(const DueEnd& end);

  // --- as it is
  [[nodiscard]] bool is_member() const { return is_member_; }
  bool may_answer(Now now);  // notes, beside, that it has begun to refuse or to answer
  [[nodiscard]] Revision applied() const { return applied_; }
  [[nodiscard]] Revision members() const { return members_; }  // the fence
  [[nodiscard]] Revision session() const { return session_; }  // create_revision of the own key; 0: none
  [[nodiscard]] Revision own_changed() const {
    return own_changed_;
  }  // mod_revision of the own key, as the watch has shown it
  [[nodiscard]] Incarnation incarnation() const { return incarnation_; }
  [[nodiscard]] const std::vector<std::string>& hears() const { return hears_; }
  [[nodiscard]] std::string describe(Now now) const;  // a line for status and tests
  [[nodiscard]] bool knows(const InstanceId& id) { return find(id) != nullptr; }
  [[nodiscard]] std::size_t size() const { return table_.size() - ended_.size(); }
  // Until heartbeats are refused, if no proof succeeds; negative: they are.
  [[nodiscard]] Duration proof_left(Now now) const { return std::max(good_, Raw{}) - now.raw; }
  // How long a revision has been known to exist that is not applied here; zero: none is.
  [[nodiscard]] Duration behind_for(Now now) const { return behind_ == 0 ? Duration::zero() : now.raw - behind_since_; }
  // How long this incarnation still waits before it joins.
  [[nodiscard]] Duration waits_for(Now now) const {
    return is_member_ ? Duration::zero() : std::max(wait_ - (now.raw - since_), Duration::zero());
  }
  // The revision that every member has applied, as they have told.
  [[nodiscard]] Revision applied_by_all() const;
  // Instances that this node has heard within their ttl: put again when another history has lost them.
  [[nodiscard]] std::vector<InstanceId> heard_within_ttl(Now now);

 private:
  struct Peer {
    std::string name;
    Incarnation incarnation = 0;
    bool is_member = false;
    Revision created = 0;  // of its session: the lowest is the oldest
    std::vector<std::string> hears;
    LogPlace fetched;
    std::optional<std::uint32_t> whole_from;  // its whole roll is being fetched
    bool fed = false;
    Own answered_all = k_never<Own>;  // W: the sending of the last poll that was answered up to the end of the log
    Revision applied = -1;            // ... and the revision it had applied then
    Raw answered = k_never<Raw>;      // the sending of the last poll that was answered
    Raw heard_us = k_never<Raw>;      // by its own word
    std::uint64_t fetched_ours = 0;
  };
  struct Pending {
    Raw lo;
    Own hi;
  };

  [[nodiscard]] Peer* find_peer(const std::string& name);
  void see_node(const NodeSeen& node, Now now);
  void see_node_gone(const std::string& name, bool clean, Now now);
  [[nodiscard]] BeatRow* find(const InstanceId& id);  // on the roll
  void put(const InstanceId& id, Revision revision, Duration ttl, Now now);
  void end(BeatRow& row);
  [[nodiscard]] std::uint64_t fetched_by_all() const;
  void drop_ended();
  void begin_membership(Now now);
  void begin_grace(Now now);
  void lose_session();
  void hear(BeatRow& row, Now now);
  void learn(const BeatItem& item, const SentPoll& poll, const PollAnswer& answer, Now now);
  [[nodiscard]] Raw lower(const BeatRow& row) const { return std::max(row.lo, everyone_lo_); }
  [[nodiscard]] Own upper(const BeatRow& row) const { return std::max(row.hi, everyone_hi_); }
  [[nodiscard]] bool is_in_time(const BeatRow& row, Now now) const;
  [[nodiscard]] Duration safe(Duration ttl) const;
  void add_item(const BeatRow& row, Now now, PollAnswer& answer) const;
  void add_whole(const PollRequest& request, Now now, PollAnswer& answer);
  void add_log(const PollRequest& request, Now now, PollAnswer& answer);
  void look_at_session(Now now, Actions& actions);
  void look_at_join(Now now, Actions& actions);
  void look_at_leave(Now now, Actions& actions);
  void look_at_hearing(Now now, Actions& actions);
  void look_at_ends(Now now, Actions& actions);
  void end_if_due(BeatRow& row, Own limit, Revision known, Actions& actions);
  [[nodiscard]] std::size_t rank_of(const InstanceId& id) const;
  [[nodiscard]] bool is_deaf(Now now) const;
  [[nodiscard]] bool is_handed_over() const;
  [[nodiscard]] std::size_t other_members() const;

  const LivenessOptions options_;
  const Rules& rules_;
  BeatTable table_;
  std::vector<Peer> peers_;  // all others that have a session; by name
  std::map<InstanceId, Pending> pending_;
  std::vector<Slot> ended_;  // rows that are kept for what of the log is not fetched yet
  Incarnation incarnation_ = 0;
  Revision applied_ = 0;
  Revision members_ = 0;
  Revision session_ = 0;
  Revision own_changed_ = 0;
  bool is_member_ = false;
  bool was_answering_ = false;
  bool stopping_ = false;
  bool creating_ = false;
  bool joining_ = false;
  bool publishing_ = false;
  bool leaving_ = false;
  bool is_lost_ = false;
  Raw good_ = k_never<Raw>;  // heartbeats may be answered until then
  Raw since_{};              // the incarnation's begin, then that of the membership
  Raw stopping_since_{};
  Raw create_at_{};
  Raw prove_at_{};
  Raw behind_since_{};
  Revision behind_ = 0;  // exists, and was not applied at behind_since_; 0: nothing
  Duration wait_{};
  std::size_t ends_waiting_ = 0;
  Own grace_ = k_never<Own>;  // G
  Raw everyone_lo_ = k_never<Raw>;
  Own everyone_hi_ = k_never<Own>;
  std::vector<std::string> hears_;
};

}  // namespace rollcall::cluster
