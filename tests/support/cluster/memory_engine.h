// One node's way to a MemoryStore, through a network that delays, loses and cuts, on virtual time and from one seed.
//
// Shape    an Engine for each node. `link` is what the faults turn: it may be changed at any time.
// Owner    the simulated node; the store and the time are shared by all. What it calls back runs through `executor`, which is
//          how a node that is stopped hears of it later, and one that was killed never does.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "base/random.h"
#include "cluster/engine.h"
#include "cluster/timing.h"
#include "support/cluster/memory_store.h"
#include "support/cluster/virtual_time.h"

namespace rollcall::cluster::testing {

struct Link {
  int requests_cut = 0;  // counted, so that faults may overlap
  int answers_cut = 0;
  int slow_commits = 0;  // a transaction is applied up to 10 s late
  int slow_answers = 0;  // a transaction is applied at once, and told up to 2 s later
  int slow_watch = 0;    // events come late, in lumps
  int stuck = 0;         // a stuck leader: confirms leases that have ended; nothing else passes
  bool slow_network = false;
};

struct Quorum {
  bool is_there = true;
};

class MemoryEngine final : public Engine, public std::enable_shared_from_this<MemoryEngine> {
 public:
  using Executor = std::function<void(Job)>;
  MemoryEngine(VirtualTime& time, MemoryStore& store, const Quorum& quorum, Random& random, Link& link,
               Executor executor)
      : time_(time), store_(store), quorum_(quorum), random_(random), link_(link), executor_(std::move(executor)) {}

  void read(Reading reading, std::function<void(Snapshot)> done) override;
  void commit(Transaction transaction, std::function<void(Committed)> done) override;
  void watch(std::string prefix, Revision from, std::weak_ptr<Watcher> watcher) override;
  void open_session(std::function<void(bool)> done, std::function<void()> renewed) override;
  void close_session(bool revoke) override;
  void look(std::function<void(EngineState)> done) override;
  void move_on() override { store_restored(); }

  void store_changed();   // there may be something to watch
  void store_restored();  // the connection is lost, and another history may be there
  [[nodiscard]] LeaseId lease() const { return lease_; }

  static constexpr Time k_deadline = std::chrono::seconds(3);

 private:
  [[nodiscard]] Time latency();
  [[nodiscard]] bool passes() const { return quorum_.is_there && link_.requests_cut == 0 && link_.stuck == 0; }
  void arrive(std::shared_ptr<Transaction> transaction, LeaseId lease, std::function<void(Committed)> done);
  void pump();
  void show(std::shared_ptr<const RevisionEvents> events, Watcher::End end);
  void keep_alive(std::uint64_t session);
  template <class T>
  void call_back(std::shared_ptr<bool> open, std::function<void(T)> done, T value);

  VirtualTime& time_;
  MemoryStore& store_;
  const Quorum& quorum_;
  Random& random_;
  Link& link_;
  Executor executor_;
  std::weak_ptr<Watcher> watcher_;
  Revision next_ = 0;  // to be shown; 0: no watch
  bool is_pumping_ = false;
  std::uint64_t watches_ = 0;
  std::deque<std::pair<std::shared_ptr<const RevisionEvents>, Watcher::End>>
      inbox_;  // shown in order, whichever job runs first
  std::uint64_t sessions_ = 0;
  LeaseId lease_ = 0;
  std::function<void()> renewed_;
};

}  // namespace rollcall::cluster::testing
