// Finds the endpoints of a service by SRV records, chooses among them, and goes on while the registry is away.
//
//   rollcall::Resolver resolver;
//   if (const rollcall::Choice choice = resolver.pick("web")) connect(choice.endpoint.address(), choice.endpoint.port);
//
// Cache    Answers are kept for their TTL, never longer while the servers answer. One that is in use is asked for again
//          when four fifths of its TTL have passed, so that callers do not wait. That a name has no endpoints, or is
//          unknown, is an answer too, and replaces what was there. When no server answers (time-outs, SERVFAIL, REFUSED)
//          the last good answer is given out, marked `is_stale`, for `stale_for`; meanwhile the servers are asked again
//          every second at least.
// Threads  Every call may come from any thread. A Resolver owns one thread, which the destructor joins: it is not to be
//          destroyed in a callback. Callbacks run on that thread, so they must not wait; in them `resolve` and `pick`
//          give what is known without asking. What is still waiting at the destructor is called back `unreachable`.
// Failure  The constructor throws std::invalid_argument for settings that are wrong, and std::runtime_error when the
//          system refuses a thread or a descriptor. Nothing else throws; whatever the servers do is a Status.
// Language C++20.
// Source   RFC 2782 (SRV), RFC 2308 (negative answers), RFC 8767 (stale answers).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/balancer.h"
#include "rollcall/endpoint.h"

namespace rollcall {

struct ResolverSettings {
  // "192.0.2.53:8600", "[2001:db8::53]:8600"; without a port, 53. None: those of the environment variable ROLLCALL_DNS
  // (separated by commas), else those of /etc/resolv.conf.
  std::vector<std::string> servers = {};
  // What is put behind a name of a single label: "web" is "web.svc.internal".
  std::string domain = "svc.internal";
  // Of one question to one server; after the first round each server is asked `tries - 1` times more.
  std::chrono::milliseconds try_timeout{500};
  int tries = 2;
  // How long a caller waits at most, and how long when there is a last good answer to fall back on.
  std::chrono::milliseconds timeout{5'000};
  std::chrono::milliseconds patience{250};
  // For how long after its TTL a good answer may stand in for one that cannot be had.
  std::chrono::milliseconds stale_for = std::chrono::hours(1);
  // Names that are remembered; beyond, the one that has not been asked for the longest is forgotten.
  std::size_t names_max = 1'000;
  BalancerSettings balancer = {};
};

enum class Status : std::uint8_t {
  found,         // there are endpoints
  no_endpoints,  // the name is known, and nobody is there at the moment
  unknown_name,  // there is no such name (NXDOMAIN), or what was asked for is no name at all
  unreachable,   // no server has answered, and there is no last good answer
  all_failed,    // only of `attempt`: the endpoints that were tried have all failed
};

[[nodiscard]] [[gnu::visibility("default")]] const char* status_text(Status status);  // "found", "no_endpoints", …

// What is known of a name.
struct Resolution {
  Status status = Status::unreachable;
  std::vector<Endpoint> endpoints = {};  // in the order to try them in (RFC 2782), a fresh one each time
  bool is_stale = false;                 // the last good answer: nobody has confirmed it since
  std::chrono::milliseconds age{0};      // since a server has said so
  std::string message = {};              // a sentence when the status is not `found`, or the answer is stale

  explicit operator bool() const { return status == Status::found; }
};

// One endpoint of it.
struct Choice {
  Status status = Status::unreachable;
  Endpoint endpoint = {};
  bool is_stale = false;
  std::string message = {};  // as of Resolution

  explicit operator bool() const { return status == Status::found; }
};

class [[gnu::visibility("default")]] Resolver {
 public:
  explicit Resolver(const ResolverSettings& settings = {});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `name` is the owner of SRV records: "web", "web.svc.internal", "_web._tcp.svc.internal", "blue.web.svc.internal".
  [[nodiscard]] Resolution resolve(std::string_view name);
  void resolve(std::string_view name, std::function<void(Resolution)> done);
  [[nodiscard]] std::future<Resolution> resolve_async(std::string_view name);

  [[nodiscard]] Choice pick(std::string_view name, const PickOptions& options = {});
  void pick(std::string_view name, const PickOptions& options, std::function<void(Choice)> done);

  // Fail-over in one call: `use` is given one endpoint after the other, each once, until it says true. What it says is
  // reported. The choice is the endpoint that was used; `all_failed` when none of `endpoints_max` was.
  Choice attempt(std::string_view name, const std::function<bool(const Endpoint&)>& use,
                 const PickOptions& options = {}, std::size_t endpoints_max = 3);

  // What callers have seen of an endpoint they were given under this name; see Balancer. Never waits.
  void report_failure(std::string_view name, const Endpoint& endpoint);
  void report_success(std::string_view name, const Endpoint& endpoint);
  void report_load(std::string_view name, const Endpoint& endpoint, double load);

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace rollcall
