// Keeps an instance registered with one registry, of one node or of several, while its health check passes; then drains and deregisters it.
//
//   present ──drain──► drained ──leave──► gone        `drain_and_leave` does both steps
//
// Shape    the caller sets a goal, and a thread works towards it; state() reports the progress. While the goal is
//          `present`, heartbeats renew the lease, and register the instance again if the registry has lost it. After
//          that, heartbeats only renew the lease: an instance that is stopping is never registered again.
// Owner    the object owns its thread. The destructor cancels the current call and joins the thread.
// Threads  all public functions may be called from any thread. `probe`, `on_acknowledged` and `on_change` are called
//          without a lock held, mostly on the registrar's thread.
// Failure  an unreachable registry is retried (see rhythm.h). So is one that refuses the call, because the operator may
//          correct a token or a setting meanwhile. The last error is in state().
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
  std::string zone;                    // empty: the first zone of the registry
  std::vector<std::string> addresses;  // empty: the local address that routes to the registry
  // Makes the body of POST /v1/heartbeat for these addresses.
  std::function<std::string(std::span<const std::string> addresses)> body;
  // Each heartbeat sends the whole registration. This overwrites changes that other clients made to it.
  bool repeats_registration = false;
  std::chrono::milliseconds lease{15'000};
  std::vector<BaseUrl> nodes;                   // of the registry: the URLs of the HTTP client
  std::chrono::milliseconds address_timeout{};  // to find the machine's own address
  std::function<bool()> probe = {};             // health check before each heartbeat; may block; empty: healthy
  std::function<void(Time sent, std::chrono::milliseconds lease)> on_acknowledged = {};
  std::function<void()> on_change = {};  // state() has changed
};

class Registrar {
 public:
  using Time = RegistrarSettings::Time;

  struct State {
    bool is_well = false;         // the last health check passed
    bool has_registered = false;  // at least once
    bool is_known = false;        // the registry has the instance, as of its last answer
    bool is_in_touch = false;     // the last heartbeat was acknowledged
    bool is_drained = false;      // no DNS cache holds the instance, or the wait has ended
    bool is_gone = false;         // the thread has finished its work
    std::string id;               // the id in the registry; empty before the first acknowledgement
    std::string name;             // DNS name: "web-1.web.svc.internal"; empty if not told
    Time acknowledged_until{};
    std::optional<Error> failure = {};  // why the last call was not acknowledged
  };

  // Starts the thread, which registers as soon as the health check passes.
  Registrar(RegistrarSettings settings, HttpClient http);
  ~Registrar();
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  // Drains: removes the instance from DNS answers. Heartbeats continue. The wait for DNS caches ends at `until`.
  void drain(Time until);
  // Deregisters, without waiting for DNS caches.
  void leave();
  // Drains, waits for DNS caches, then deregisters; all of it before `deadline`.
  void drain_and_leave(Time deadline);
  // Deregisters at once; the call must end before `deadline`.
  void leave_by(Time deadline);
  // Blocks until the thread has finished; cancels its current call at the deadline. Returns true if the registry does
  // not have the instance.
  bool wait_until_gone();

  [[nodiscard]] State state() const;

 private:
  enum class Goal : std::uint8_t { present, drained, gone };  // only moves forward
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
  [[nodiscard]] std::chrono::milliseconds time_for_nodes() const;
  bool renew();
  [[nodiscard]] Result<std::vector<std::string>> addresses();
  std::chrono::milliseconds note_acknowledged(Time sent, const std::string& body);
  std::chrono::milliseconds note_error(Error error, std::chrono::milliseconds retry_after = {});
  [[nodiscard]] HttpRequest request(std::string method, const std::string& action) const;
  // Sleeps for `wait` while the goal is `goal`. Returns false, at once, when the goal is another one.
  bool stay_for(std::chrono::milliseconds wait, Goal goal) const;
  void set_goal(const std::function<void(Shared&)>& how);
  void change(const std::function<void(State&)>& how);
  void stop();

  const RegistrarSettings settings_;
  HttpClient http_;
  std::atomic<bool> is_stopped_{false};  // set by the destructor or at the deadline: HTTP calls are cancelled
  GuardedCondition<Shared> shared_;
  Rhythm rhythm_;  // used only by the thread, as are the next two
  Rhythm::Random random_;
  std::vector<std::string> found_addresses_;
  std::thread thread_;
};

}  // namespace rollcall::client
