// The inside of a Resolver: the names it remembers behind one lock, and the thread that asks the servers.
//
// Shape    callers leave a `Take` for a name. It is called once, under the lock, when the entry is settled, has been
//          answered, or the caller's patience is over; what it returns is called afterwards, without the lock.
// Threads  any; the engine's own thread owns the sockets. It takes no signals.
// Failure  the constructor throws std::invalid_argument and std::runtime_error.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "client/cache_entry.h"
#include "client/name_servers.h"
#include "client/upstreams.h"
#include "client/wake_up.h"

namespace rollcall::client {

class ResolverEngine {
 public:
  using Time = Balancer::Time;
  using After = std::function<void()>;
  using Take = std::function<After(CacheEntry&, Time, Balancer::Random&)>;

  explicit ResolverEngine(const ResolverSettings& settings);
  ~ResolverEngine();
  ResolverEngine(const ResolverEngine&) = delete;
  ResolverEngine& operator=(const ResolverEngine&) = delete;

  // Of what a caller writes: a name of a single label is completed with the domain.
  [[nodiscard]] std::optional<dns::Name> full_name(std::string_view name) const;

  // Takes at once where that needs no waiting, or where this is the engine's own thread. False: `take_later`.
  bool take_now(const dns::Name& name, const Take& take);
  // On the engine's thread, always.
  void take_later(const dns::Name& name, Take take);

  // Nothing when the name is not remembered.
  void with_known(const dns::Name& name, const std::function<void(CacheEntry&, Time)>& use);

 private:
  struct Waiter {
    Time deadline;
    Take take;
  };
  struct Slot {
    CacheEntry entry;
    std::vector<Waiter> waiters;
  };
  struct State {
    std::map<std::string, Slot> slots;  // by the name, folded
    Balancer::Random random;
    bool is_stopping = false;
  };
  struct Round {
    std::vector<dns::Name> questions;
    std::vector<After> afters;
    Time next;
    bool is_last = false;
  };

  Slot& slot_of(State& state, const dns::Name& name);
  static void settle(State& state, Slot& slot, Time now, bool is_answered, std::vector<After>& afters);
  static void forget_one(State& state);

  void run();
  Round next_round();
  void ask(const dns::Name& name);
  void note_found(const dns::Name& name, Found found);
  void reopen_upstreams();
  void wait(Time until);

  ResolverSettings settings_;
  NameServers servers_;
  Guarded<State> state_;
  WakeUp wake_up_;
  std::optional<Upstreams> upstreams_;  // the thread's own, as what follows
  std::size_t under_way_ = 0;
  bool has_failed_ = false;  // since the upstreams were opened
  std::thread thread_;
};

}  // namespace rollcall::client
