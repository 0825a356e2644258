// The way from etcd to the copy of the keys: reads them, watches them, and asks once a second whether etcd is still there.
//
//   connect ─► the cluster's format ─► `last` is as it was followed: watch from there
//                     │                       └► else read everything, then watch
//                     └► no cluster, no answer: again in half a second
//
// Shape    what was read is compared with the copy by the sink, so a restored etcd, a compaction and a lost connection are
//          the same to it.
// Owner    SharedKeyValues. Borrows the engine.
// Threads  the writer's; what the engine calls is posted there.
// Source   docs/cluster.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/engine.h"
#include "cluster/keys.h"
#include "cluster/kv/kv_keys.h"

namespace rollcall::cluster {

inline constexpr std::chrono::milliseconds k_kv_again{500};
inline constexpr std::chrono::milliseconds k_kv_touch_every{1'000};

class KvLink {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    // Everything as it was at a revision. `is_other_history`: the cluster's indexes have another base than before.
    virtual void took_all(std::uint64_t base, bool is_other_history, const std::vector<KeyValue>& keys,
                          Revision revision) = 0;
    virtual void took(const RevisionEvents& events) = 0;
    // etcd has answered a question that was sent then. `last`: the revision of the key of this name.
    virtual void in_touch(LeaseTime sent, Revision last) = 0;
    struct Shown {
      bool has_read = false;
      Revision applied = 0;
      Revision last = 0;
      std::string last_value;
      std::uint64_t index = 0;
    };
    [[nodiscard]] virtual Shown shown() const = 0;
  };
  using Post = std::function<void(std::move_only_function<void()>)>;  // to the writer's thread, unless all this is gone

  KvLink(Engine& engine, const std::string& cluster, const KvKeys& keys, const TimeSource& clock, Post post,
         Sink& sink);
  ~KvLink();

  void tick();
  [[nodiscard]] bool is_following() const { return is_following_; }

 private:
  class Port;
  template <class Step>
  std::function<void(Snapshot)> then(Step step);
  void connect();
  void took_format(const Snapshot& format);
  void took_last(const Snapshot& last);
  void read_page(std::string from, Revision at);
  void took_page(Snapshot page, Revision at);
  void watch(Revision from);
  void touch();
  void lost(std::string_view why);
  void ended(std::uint64_t attempt);
  void see(std::uint64_t attempt, const RevisionEvents& events);

  Engine& engine_;
  const std::string format_key_;
  const KvKeys& keys_;
  const TimeSource& clock_;
  const Post post_;
  Sink& sink_;

  std::uint64_t attempt_ = 0;
  bool is_busy_ = false;
  bool is_following_ = false;
  bool has_said_ = false;  // that there is no connection
  LeaseTime again_at_{};
  std::string format_;      // of the history that is followed, as it is stored
  std::string new_format_;  // of the one that is read
  std::uint64_t new_base_ = 0;
  std::vector<KeyValue> pages_;
  std::shared_ptr<Port> port_;
  LeaseTime touch_at_{};
  bool is_touching_ = false;
  int behind_ = 0;  // how often etcd had a later `last` than was shown here
};

}  // namespace rollcall::cluster
