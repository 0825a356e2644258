// A cluster in one process: nodes over Liveness and the engine in memory, clients, a network, faults, and the verdict.
//
// Everything comes from one seed; nothing waits. The rules' knobs and the faults are arguments, so that a test can show what
// each rule is for.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "cluster/guarded.h"
#include "cluster/liveness.h"
#include "cluster/unclean_ends.h"
#include "support/cluster/memory_engine.h"

namespace rollcall::cluster::testing {

using Instance = std::uint32_t;
[[nodiscard]] InstanceId id_of(Instance instance);
[[nodiscard]] std::string key_of(Instance instance);

struct SimOptions {
  std::uint64_t seed = 1;
  int nodes = 3;
  double drift = 5e-5;  // of each clock, either way
  bool slow_network = false;
  Duration poll = std::chrono::milliseconds(50);
  Duration tick = std::chrono::milliseconds(30);
  Rules rules;
};

// What was promised, and whether it was kept.
class Verdicts {
 public:
  struct Counts {
    std::uint64_t answered = 0, refused = 0, unknown = 0, put = 0, ends = 0, early = 0, after_end = 0, late = 0,
                  lost = 0;
    [[nodiscard]] std::uint64_t violations() const { return early + after_end + late + lost; }
  };
  Counts counts;
  Time lateness_max{};   // of ends in calm
  Instance latest = 0;   // whose
  std::string first;     // violation
  double tolerance = 1;  // a ttl as clocks that drift measure it

  void registered(Instance instance, Time ttl, Time now);
  void ended(Instance instance, Time now, bool by_lease, bool in_calm);
  void answered(Instance instance, bool is_on_roll, Time now, const std::string& where);
  void violation(std::uint64_t& count, const std::string& what, Instance instance, Time now);
  [[nodiscard]] Time last_answer(Instance instance) const;
  [[nodiscard]] Time ttl(Instance instance) const;
  void trace(Instance instance, Time now, const std::string& what) const;  // ROLLCALL_CLUSTER_TRACE=instance
  void forget(Instance instance) { promises_.erase(instance); }

 private:
  struct Promise {
    Time ttl{};
    Time last = Time::min();  // the last 200
    bool left = false;        // by its own will
  };
  std::map<Instance, Promise> promises_;
};

class SimWorld;

class SimNode final : public Watcher, public std::enable_shared_from_this<SimNode> {
 public:
  using Answer = std::function<void(Verdict)>;
  SimNode(SimWorld& world, int number, std::uint64_t seed);

  void boot();
  void kill(Time down);
  void pause(Time length);
  void stop(Time down);  // cleanly, then down

  // What clients ask. The answer may never come. On a stopped node the call waits in its socket.
  void beat(Instance instance, Answer answer);
  void put(Instance instance, Time ttl, Answer answer);  // registers, or registers anew
  void deregister(Instance instance, std::function<void(bool)> answer);

  [[nodiscard]] std::string describe();
  [[nodiscard]] bool runs() const { return alive_ && !paused_; }
  [[nodiscard]] bool may_answer() { return runs() && liveness_ && liveness_->may_answer(now()); }
  [[nodiscard]] bool shows(Instance instance) { return liveness_ && liveness_->knows(id_of(instance)); }
  [[nodiscard]] Liveness& liveness() { return *liveness_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  void set_rate(double rate) { rate_ = rate; }
  [[nodiscard]] MemoryEngine* engine() { return engine_.get(); }
  Link link;
  int duplicates = 0;  // answers of polls come twice, and late

  // --- Watcher
  void see(const RevisionEvents& events) override;
  void ended(End why) override;

  // --- the exchange, called by the other node through the world
  [[nodiscard]] PollAnswer hear_poll(const PollRequest& request) { return liveness_->answer(request, now()); }
  void run(Job job);  // when the node runs; never, if it has been killed by then

 private:
  struct Waiting {
    Instance instance = 0;
    Revision revision = 0;
    Raw sent{};
    Answer answer;
  };
  [[nodiscard]] Now now();
  [[nodiscard]] Raw raw() const;
  [[nodiscard]] NodeKeys keys() const;
  [[nodiscard]] std::string value(bool is_member) const;
  [[nodiscard]] std::string nodes_value(bool is_in) const;
  void every(Duration interval, void (SimNode::*what)());
  void begin_incarnation();
  void go_on_as_another();
  void took_snapshot(Snapshot snapshot, bool begin);
  void put_back(Instance instance);
  void poll();
  void tick();
  void act(const Actions& actions);
  void create_session();
  void send_join();
  void send_leave();
  void send_prove();
  void send_publish();
  void send_ends(const std::vector<DueEnd>& ends);
  void confirm(Waiting waiting);
  void confirm_waiting();
  void answered(Instance instance, const Answer& answer, const char* how);
  void leave_down();

  SimWorld& world_;
  const int number_;
  const std::string name_;
  double rate_;
  Time offset_;
  bool alive_ = false;
  bool paused_ = false;
  std::uint64_t boots_ = 0;
  std::vector<std::pair<std::uint64_t, Job>> held_;  // while paused
  std::shared_ptr<MemoryEngine> engine_;
  std::unique_ptr<OwnClock> clock_;
  std::unique_ptr<Liveness> liveness_;
  UncleanEnds unclean_;
  bool is_reading_ = false;
  std::uint64_t cluster_id_ = 0;
  Time down_after_stop_{};
  std::vector<Waiting> waiting_;
};

class SimWorld {
 public:
  explicit SimWorld(const SimOptions& options);
  ~SimWorld();

  VirtualTime time;
  MemoryStore store;
  Quorum quorum;
  Random random;
  Verdicts verdicts;
  const SimOptions options;
  std::vector<std::shared_ptr<SimNode>> nodes;
  std::set<Instance> leaving;  // deregistered by their clients
  Time last_fault = Time::min();
  Time calm_after{};  // a fault counts so long

  [[nodiscard]] Time latency();
  [[nodiscard]] bool arrives(int from, int to) const { return cuts_.empty() || !cuts_.contains({from, to}); }
  void cut(int from, int to, Time length);
  void cut_both(int one, int other, Time length) { cut(one, other, length), cut(other, one, length); }
  void during(int& counter, Time length);
  void lose_quorum(Time length);
  void revoke(int node);
  void cut_engine(int node, Time length);  // both ways
  void fault_until(Time when) { last_fault = std::max(last_fault, when); }
  void run_until(Time end) { time.run_until(end); }
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] Instance instance_of(std::string_view key) const;

 private:
  void watch_store(const RevisionEvents* events);
  void expire();
  std::multiset<std::pair<int, int>> cuts_;
  int quorum_losses_ = 0;
};

}  // namespace rollcall::cluster::testing
