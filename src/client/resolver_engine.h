// The implementation of Resolver: the DNS cache, guarded by one lock, and the thread that queries the name servers.
//
// Shape    callers pass a callback `Take` for a name. The engine calls it once, with the lock held, when the entry is
//          settled, when the query ends, or when the caller's timeout is over. `Take` returns a second callback
//          `After`, which the engine calls without the lock: this is where user code runs.
// Owner    the engine owns its thread and the sockets. The destructor joins the thread; remaining waiters are called.
// Threads  public functions: any thread. Only the engine's thread uses the sockets; it has all signals blocked.
// Failure  the constructor throws std::invalid_argument and std::runtime_error; see resolver.h.
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

  // Parses the name a caller gave; appends the search domain to a name of one label. Empty: not a valid name.
  [[nodiscard]] std::optional<dns::Name> full_name(std::string_view name) const;

  // Calls `take` now if no wait is needed, or if the caller is the engine's thread, which must not wait. Returns false
  // if a wait is needed: then call take_later().
  bool take_now(const dns::Name& name, const Take& take);
  // Queues `take`; the engine's thread calls it later.
  void take_later(const dns::Name& name, Take take);

  // Calls `use` with the entry, if the name is in the cache.
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
    std::map<std::string, Slot> slots;  // by the name in wire format and lower case
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
  std::optional<Upstreams> upstreams_;  // used only by the thread, as are the next members
  std::size_t under_way_ = 0;
  bool has_failed_ = false;  // since the upstreams were opened
  std::thread thread_;
};

}  // namespace rollcall::client
