// Keeps an instance registered with one registry, for as long as its probe agrees, and takes it off again.
//
//   present ──drain──► drained ──leave──► gone        `drain_and_leave` goes both steps by itself
//
// Shape    the caller sets a goal, and a thread works towards it; `state` says how far it is. While the goal is `present`
//          heartbeats renew the lease, and register again what the registry has forgotten. Afterwards a heartbeat only
//          renews: what is stopping is never registered again.
// Threads  one of its own, joined by the destructor, which ends a call under way. The other functions from any thread;
//          `probe`, `on_acknowledged` and `on_change` are called by the thread, without a lock.
// Failure  a registry that is away is asked again, and so is one that refuses, because a token or a setting may be mended:
//          see rhythm.h. The last failure is in `state`.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "client/base_url.h"
#include "client/http_client.h"
#include "client/rhythm.h"

namespace rollcall::client {

struct RegistrarSettings {
  using Time = std::chrono::steady_clock::time_point;

  std::string service;
  std::string zone;                    // empty: the registry's first
  std::vector<std::string> addresses;  // none: the one this machine has towards the registry
  // The body of POST /v1/heartbeat for these addresses.
  std::function<std::string(std::span<const std::string> addresses)> body;
  // Each heartbeat is the whole registration, which also undoes what others have changed of it.
  bool repeats_registration = false;
  std::chrono::milliseconds lease{15'000};
  std::vector<BaseUrl> registries;              // those of the HTTP client; all lead to one registry
  std::chrono::milliseconds address_timeout{};  // to find the machine's own address
  std::function<bool()> probe = {};             // asked before each heartbeat; may wait; empty: always well
  std::function<void(Time sent, std::chrono::milliseconds lease)> on_acknowledged = {};
  std::function<void()> on_change = {};  // `state` has something new
};

class Registrar {
 public:
  using Time = RegistrarSettings::Time;

  struct State {
    bool is_well = false;         // the probe agreed the last time
    bool has_registered = false;  // at least once
    bool is_known = false;        // the registry has it, as far as it has told
    bool is_in_touch = false;     // the last heartbeat was acknowledged
    bool is_drained = false;      // no cache has it, or the wait for that is over
    bool is_gone = false;         // nothing more is going to happen
    std::string id;               // as the registry has it; empty before the first acknowledgement
    std::string name;             // in the DNS: "web-1.web.svc.internal"; empty where the registry does not say
    Time acknowledged_until{};
    std::optional<Error> failure = {};  // why the last call was not acknowledged
  };

  // Begins at once.
  Registrar(RegistrarSettings settings, HttpClient http);
  ~Registrar();
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  // Out of the answers. The heartbeats go on, and the wait for caches ends at `until`.
  void drain(Time until);
  // Off the roll, without a wait for caches.
  void leave();
  // Off the roll by `deadline`, out of the answers first.
  void drain_and_leave(Time deadline);
  // Off the roll by `deadline`, at once.
  void leave_by(Time deadline);
  // Until it is gone; what is under way at the deadline of leaving is ended. Whether the registry does not have it.
  bool wait_until_gone();

  [[nodiscard]] State state() const;

 private:
  enum class Goal : std::uint8_t { present, drained, gone };  // in this order, never back
  struct Shared {
    Goal goal = Goal::present;
    bool leaves_when_drained = false;
    Time drain_until = Time::max();
    Time gone_by = Time::max();
    State state = {};
  };

  void run();
  void keep_present();
  void wait_for_caches();
  void deregister();
  [[nodiscard]] bool is_well();
  std::chrono::milliseconds beat();
  bool renew();
  [[nodiscard]] Result<std::vector<std::string>> addresses();
  std::chrono::milliseconds note_acknowledged(Time sent, const std::string& body);
  std::chrono::milliseconds note_error(Error error, std::chrono::milliseconds retry_after = {});
  [[nodiscard]] HttpRequest request(std::string method, const std::string& action) const;
  // Sleeps. False: the goal is another than this one.
  bool stay_for(std::chrono::milliseconds wait, Goal goal) const;
  void set_goal(const std::function<void(Shared&)>& how);
  void change(const std::function<void(State&)>& how);
  void stop();

  const RegistrarSettings settings_;
  HttpClient http_;
  std::atomic<bool> is_stopped_{false};  // the destructor, or a deadline, has ended the calls
  GuardedCondition<Shared> shared_;
  Rhythm rhythm_;  // the thread's own, as are the next two
  Rhythm::Random random_;
  std::vector<std::string> found_addresses_;
  std::thread thread_;
};

}  // namespace rollcall::client
