// Keeps one instance on the roll from a thread of its own, for as long as a probe agrees, and takes it off in order.
//
// Shape    want() says where it should be; the thread works towards that, and at() says how far it is. While it is to be
//          present each heartbeat is the whole registration, so that an instance which the registry has forgotten is back
//          with the next one. Afterwards a heartbeat only renews: what is about to stop is never registered again.
// Rhythm   A heartbeat every third of the lease, give or take a tenth of that. After a failure the next try comes after
//          250 ms, then twice as long each time, up to a third of the lease.
// Threads  one of its own, joined by the destructor, which ends a call under way. want() and at() from any thread;
//          `changed` descriptor becomes readable (eventfd) whenever at() has something new.
// Failure  a registry that is away is asked again; one that refuses the registration too, since a token or a setting may
//          be mended. Both are told in at().
#pragma once

#include <atomic>
#include <boost/json/object.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "client/http_client.h"

namespace rollcall::cli {

struct EnrolmentSettings {
  client::HttpSettings http;
  boost::json::object registration;  // as POST /v1/heartbeat takes it; without an address, this machine's is found
  std::chrono::milliseconds lease{15'000};
  std::function<bool()> probe;                  // asked before each heartbeat; may wait for a while; empty: always well
  std::chrono::milliseconds drain_max{10'000};  // how long to wait until no cache has it
};

class Enrolment {
 public:
  enum class Wanted : std::uint8_t { present, drained, gone };  // in this order, never back
  struct At {
    bool is_well = false;          // the probe agreed the last time
    bool has_registered = false;   // once at least
    bool is_in_touch = false;      // the last heartbeat was acknowledged
    bool is_drained = false;       // no cache has it, or the wait for that is over
    bool is_gone = false;          // deregistered, or given up on
    std::string id;                // as the registry has it
    std::string name;              // in the DNS: "web-1.web.svc.internal"
    std::optional<Error> failure;  // why the last call was not acknowledged
  };

  // Begins at once, with `present`.
  explicit Enrolment(EnrolmentSettings settings, client::HttpClient client);
  Enrolment(const Enrolment&) = delete;
  Enrolment& operator=(const Enrolment&) = delete;
  ~Enrolment();

  void want(Wanted wanted);
  [[nodiscard]] At at() const;
  [[nodiscard]] int changed_fd() const { return changed_fd_; }
  void clear_changed() const;

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void keep_present();
  void drain();
  void leave();
  [[nodiscard]] Result<void> beat();
  bool renew();
  [[nodiscard]] Result<void> find_address();
  [[nodiscard]] client::HttpRequest request(std::string method, std::string_view action) const;
  // Sleeps until then, or until something else is wanted: false.
  bool stay_until(Clock::time_point until, Wanted while_wanted);
  void change(const std::function<void(At&)>& how);
  [[nodiscard]] std::chrono::milliseconds next_beat();

  EnrolmentSettings settings_;
  client::HttpClient client_;
  int changed_fd_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Wanted wanted_ = Wanted::present;
  bool is_ending_ = false;
  At at_;
  std::chrono::milliseconds pause_{0};  // before the next try, while tries fail
  std::atomic<bool> is_stopped_{false};
  std::thread thread_;
};

}  // namespace rollcall::cli
