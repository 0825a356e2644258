// Follows the roll of the cluster in etcd: reads it, then watches it, and notices when etcd tells another history.
//
//   connect ─► the format, and the lanes as they were at the revision followed last ─► the same history: watch from there
//                 │                                    └► compacted, or nothing followed yet: read everything, then watch
//                 ├► another history (etcd was restored): told; indexes are raised above those shown; read everything
//                 └► no such cluster: told; tried again
//
// Owner    the node's driver. Borrows the engine and the sink; nothing is called once it is destroyed, and the engine with it.
// Threads  `tick` and `read_again` the driver's; everything else runs on the engine's thread, which calls the sink.
// Failure  what fails is tried again, a second later; a reading that etcd has compacted meanwhile begins anew.
// Source   docs/cluster.md; etcd: "API guarantees", watch and compaction.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cluster/engine.h"
#include "cluster/keys.h"
#include "cluster/roll/roll_decoder.h"
#include "registry/ports/storage.h"

namespace rollcall::cluster {

enum class Link : std::uint8_t {
  connecting,
  no_cluster,       // etcd answers, and has no cluster of this name
  other_history,    // what etcd has is not what was followed here: restored, or made anew; it is taken over
  unknown_version,  // the cluster's keys are of a later version
  following,
};

// What the follower brings, in order.
class RollSink {
 public:
  virtual ~RollSink() = default;
  // Before anything of this history is brought: a first contact, or another history.
  virtual void found(const StoredFormat& format) = 0;
  // What was brought is void.
  virtual void lost_history() = 0;
  // The highest index that the roll here has shown.
  [[nodiscard]] virtual registry::ChangeIndex shown() const = 0;
  virtual void took(FollowedSnapshot&& snapshot) = 0;
  // False: it was dropped, because too much waits there. Everything is read again then.
  [[nodiscard]] virtual bool took(FollowedRevision&& revision) = 0;
};

class Follower final : public std::enable_shared_from_this<Follower>, private Watcher {
 public:
  // `place`: where an earlier run has stopped; its rows are on the roll.
  Follower(Engine& engine, const Keys& keys, const registry::ZoneDirectory& zones, registry::LeaseBounds bounds,
           KnownInstances& known, std::optional<registry::ReplicaPlace> place, RollSink& sink);

  // Connects, or tries again where that is due.
  void tick(std::chrono::steady_clock::time_point now);
  // Reads everything again, whatever is known: for a node that begins a new incarnation.
  void read_again();

  [[nodiscard]] Link link() const;
  [[nodiscard]] std::uint64_t attempt() const;                       // the number of this connection
  [[nodiscard]] Revision applied() const;                            // the last revision that was brought
  [[nodiscard]] std::shared_ptr<const RollDecoder> decoder() const;  // null before `found`

 private:
  void see(const RevisionEvents& events) override;
  void ended(End why) override;
  void begin();
  void took_format(Snapshot format);
  void took_lanes(Snapshot lanes, const std::optional<LaneSeen>& lane);
  void begin_history(const StoredFormat& format);
  void lose_history();
  void take_over(const Snapshot& found, const StoredFormat& format);
  void read_page(std::string from, Revision at);
  void took_page(Snapshot page, Revision at);
  void watch();
  void fail(Link link);
  [[nodiscard]] bool is_stale(std::uint64_t attempt) const;
  template <class Step>
  std::function<void(Snapshot)> then(Step step);

  Engine& engine_;
  const Keys& keys_;
  const registry::ZoneDirectory& zones_;
  const registry::LeaseBounds bounds_;
  KnownInstances& known_;
  RollSink& sink_;

  mutable std::mutex mutex_;  // of what follows; not held while the sink is called
  std::uint64_t attempt_ = 0;
  bool is_busy_ = false;
  bool is_watching_ = false;  // what the watch brings counts; not while everything is read again
  bool reads_all_ = false;
  Link link_ = Link::connecting;
  std::chrono::steady_clock::time_point again_at_{};
  Revision applied_ = 0;
  std::optional<LaneSeen> lane_;
  std::string incarnation_;
  registry::ChangeIndex shown_ = 0;  // the highest index that was brought
  bool is_lost_ = false;             // what was brought is of another history than etcd's
  std::shared_ptr<RollDecoder> decoder_;
};

}  // namespace rollcall::cluster
