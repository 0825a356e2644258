// The key-value store of a cluster: etcd has it, and each node keeps a copy in memory, which it reads from.
//
//   submit(request) → what waits, as one batch on the writer's thread → rules (kv/stage.h) on the copy
//                   → one transaction of etcd, which compares `last` → our own watch shows it → readers → replies
//
// Agreed   A batch is made on the copy it was planned on, or not at all: another node that was faster changes `last`. Then the
//          copy is followed up to that, and the same requests are tried again. What has only read, or was refused, is answered
//          after etcd has said that `last` is still the same. So every answer is of one order of all changes of all nodes.
// Unknown  A transaction without an answer is sent again as it was: of all copies at most one is made, because each compares
//          the same `last`. `done/<node>` tells whether one was.
// Sessions A heartbeat is put in etcd, unless the one before is so recent that the session lives for a whole TTL anyway. A
//          session that nobody has renewed for one and a half of its TTL, as this node has seen it, is ended by a batch,
//          which fails if a heartbeat was put meanwhile. Time in which etcd could not be reached counts against nobody.
// Owner    rollcalld.cc. Borrows the engine, which ends first, and the clocks.
// Threads  as KeyValues. Everything of etcd is handed to the writer's thread, and decided there.
// Failure  Errc::not_in_charge: nothing was changed, another node may. Errc::store_failed: it is not known, or nobody may.
// Source   docs/cluster.md, docs/consul-kv.md.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/random.h"
#include "cluster/clocks.h"
#include "cluster/engine.h"
#include "cluster/keys.h"
#include "cluster/kv/kv_keys.h"
#include "cluster/kv/kv_link.h"
#include "cluster/kv/kv_mirror.h"
#include "kv/key_values.h"
#include "kv/stage.h"

namespace rollcall::cluster {

struct SharedCounters {
  std::atomic<std::uint64_t> batches{0};    // made in etcd
  std::atomic<std::uint64_t> overtaken{0};  // tried again, because another node was faster
  std::atomic<std::uint64_t> unknown{0};    // sent again, because etcd did not answer
  std::atomic<std::uint64_t> refused{0};    // that etcd has refused
};

class SharedKeyValues final : public kv::KeyValues, private KvLink::Sink {
 public:
  struct Parts {
    Engine& engine;
    std::string cluster;
    std::string node;
    const TimeSource& clock;
    std::function<Raw()> raw_now;  // CLOCK_BOOTTIME
    RunSoon run_soon;
    std::size_t bytes_max = kv::k_bytes_default;
  };
  explicit SharedKeyValues(Parts parts);
  ~SharedKeyValues() override;

  // Follows from here on. Until then, and in tests, `tick` drives it: on the writer's thread, every k_tick.
  void start();
  void tick();
  // After the writer's thread and the engine have ended: what waits is refused.
  void finish();

  [[nodiscard]] bool submit(kv::Request request, Reply reply) override;
  [[nodiscard]] std::optional<kv::SessionPtr> renew(std::string_view id) const override;
  void catch_up(std::move_only_function<void(bool)> done) override;
  [[nodiscard]] bool is_shared() const override { return true; }
  [[nodiscard]] std::string why_unread() const override;

  [[nodiscard]] const SharedCounters& counters() const { return counters_; }

  static constexpr std::chrono::milliseconds k_tick{100};

 private:
  struct Waiting {
    kv::Request request;
    Reply reply;
    std::size_t bytes = 0;
    LeaseTime since{};
    bool only_if_due = false;  // a DestroySession of a session whose time is up
  };
  struct Inbox {
    std::deque<Waiting> waiting;
    std::size_t bytes = 0;
    bool is_scheduled = false;
  };
  enum class Stand : std::uint8_t {
    sent,
    in_doubt,  // no answer: to be sent again
    made,      // etcd has it, our watch not yet
  };
  struct Batch {
    std::string id = {};
    std::vector<Waiting> requests = {};
    std::vector<kv::Outcome> outcomes = {};
    Transaction transaction = {};  // without puts: it has only read
    Revision last = 0;             // that it was made on
    Stand stand = Stand::sent;
    Revision made_at = 0;
    LeaseTime since{};
    LeaseTime again_at{};
    Raw sent{};
    bool is_given_up = false;  // its clients were told that the outcome is not known
  };
  struct CatchUp {
    std::move_only_function<void(bool)> done;
    LeaseTime until{};
    std::optional<Revision> last = {};  // to be shown; empty: etcd was not asked yet
  };
  // Heartbeats that etcd has: until when another one needs no etcd.
  struct Sure {
    Raw until{};
  };

  // KvLink::Sink, on the writer's thread
  void took_all(std::uint64_t base, bool is_other_history, const std::vector<KeyValue>& keys,
                Revision revision) override;
  void took(const RevisionEvents& events) override;
  void in_touch(LeaseTime sent, Revision last) override;
  [[nodiscard]] Shown shown() const override;

  void post(Task task);
  void schedule();
  void show_followed(const kv::Changes& changes);
  void pump();
  void put_back(std::vector<Waiting> requests);
  [[nodiscard]] std::optional<Waiting> take_next();
  void build();
  [[nodiscard]] kv::Outcome apply(const Waiting& waiting);
  [[nodiscard]] kv::Outcome refuse_as_too_large(const Waiting& waiting) const;
  void send();
  void committed(const std::string& id, Committed committed);
  void checked(const std::string& id, Snapshot snapshot);
  void overtaken(Revision last);
  void finish_batch();
  void complete(kv::Outcome& outcome, kv::Index index) const;
  void refuse_late(Batch& batch) const;
  void note_sure(const Batch& batch);
  void give_up_late(LeaseTime now);
  void refuse_all(std::vector<Waiting> requests, const Error& why);
  void end_due_sessions(LeaseTime now);
  void ask_to_catch_up();
  void asked(Snapshot snapshot, std::size_t count);
  void tell_caught_up(LeaseTime now);

  const Parts parts_;
  const KvKeys keys_;
  const std::chrono::milliseconds lateness_;  // of this node when it ends sessions, so that not all try at once
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);

  // The writer's.
  Random random_ = Random::from_system();
  kv::Stage stage_;
  KvMirror mirror_;
  std::unique_ptr<KvLink> link_;
  Revision applied_ = 0;
  Revision wait_for_last_ = 0;  // another node has made a batch: up to it nothing is planned
  std::optional<Batch> batch_;
  std::set<std::string> ending_;  // sessions whose end is proposed
  std::deque<CatchUp> catching_up_;
  bool is_asking_ = false;
  LeaseTime look_at_delays_at_{};
  std::optional<LeaseTime> touched_;

  Guarded<Inbox> inbox_;
  mutable Guarded<std::map<std::string, Sure, std::less<>>> sure_;
  std::atomic<std::int64_t> touched_raw_ns_{INT64_MIN / 2};
  std::atomic<bool> has_read_{false};
  SharedCounters counters_;
  std::jthread timing_;  // after what it uses
};

}  // namespace rollcall::cluster
