// DNS client for service discovery: finds the endpoints of a service by its SRV records, caches them, and chooses one.
// It keeps working from its cache while the name servers are down.
//
//   rollcall::Resolver resolver;
//   if (const rollcall::Choice choice = resolver.pick("web")) connect(choice.endpoint.address(), choice.endpoint.port);
//
// Cache    While the servers answer, an answer is cached for its TTL and never longer. Prefetch: an entry in use is
//          refreshed after 80 % of its TTL, so that callers do not wait. Negative answers (no endpoints, unknown name)
//          are cached too, and replace the old entry. If no server answers (timeout, SERVFAIL, REFUSED), callers get
//          the last good answer with `is_stale` set, for up to `stale_for` after its TTL. Meanwhile, if the
//          name is in use, the client retries the servers at least once a second.
// Owner    A Resolver owns one thread. The destructor joins it, so do not destroy a Resolver in a callback. Callbacks
//          that still wait when it is destroyed get what the cache has, or `unreachable`.
// Threads  Thread-safe: every call is allowed from any thread. Callbacks run on the Resolver's thread, so they must not
//          block; inside a callback, `resolve` and `pick` return what the cache has and send no query.
// Failure  The constructor throws std::invalid_argument for invalid settings, and std::runtime_error when the system
//          has no thread or file descriptor left. No other function throws; server errors are returned as a Status.
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
  // "192.0.2.53:8600", "[2001:db8::53]:8600"; without a port, 53. Empty: the servers in the environment variable
  // ROLLCALL_DNS (separated by commas); if that is not set, the servers in /etc/resolv.conf.
  std::vector<std::string> servers = {};
  // The search domain, appended to a name of one label: "web" becomes "web.svc.internal".
  std::string domain = "svc.internal";
  // The timeout of one query to one server. Each server is tried up to `tries` times.
  std::chrono::milliseconds try_timeout{500};
  int tries = 2;
  // The longest time a caller waits: `timeout` in general, `patience` if there is a stale answer to fall back on.
  std::chrono::milliseconds timeout{5'000};
  std::chrono::milliseconds patience{250};
  // Serve-stale (RFC 8767): how long after its TTL a good answer may be used while no server answers.
  std::chrono::milliseconds stale_for = std::chrono::hours(1);
  // Cache size in names. When the cache is full, the least recently used name is evicted.
  std::size_t names_max = 1'000;
  BalancerSettings balancer = {};
};

enum class Status : std::uint8_t {
  found,         // the name has endpoints
  no_endpoints,  // the name exists, but has no endpoint at the moment
  unknown_name,  // the name does not exist (NXDOMAIN), or is not a valid DNS name
  unreachable,   // no server answered, and there is no stale answer to use
  all_failed,    // all endpoints that were tried have failed (from `attempt`)
};

[[nodiscard]] [[gnu::visibility("default")]] const char* status_text(Status status);  // "found", "no_endpoints", …

// The result of a look-up: all endpoints of a name.
struct Resolution {
  Status status = Status::unreachable;
  std::vector<Endpoint> endpoints = {};  // in the order to try them (RFC 2782); a new order each time
  bool is_stale = false;                 // the answer is older than its TTL; no server has confirmed it
  std::chrono::milliseconds age{0};      // time since a server gave this answer
  std::string message = {};              // the reason, if the status is not `found` or the answer is stale

  explicit operator bool() const { return status == Status::found; }
};

// The result of `pick`: one endpoint of a name.
struct Choice {
  Status status = Status::unreachable;
  Endpoint endpoint = {};
  bool is_stale = false;
  std::string message = {};  // as in Resolution

  explicit operator bool() const { return status == Status::found; }
};

class [[gnu::visibility("default")]] Resolver {
 public:
  explicit Resolver(const ResolverSettings& settings = {});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `name` is the owner name of SRV records: "web", "web.svc.internal", "_web._tcp.svc.internal",
  // "blue.web.svc.internal".
  [[nodiscard]] Resolution resolve(std::string_view name);
  void resolve(std::string_view name, std::function<void(Resolution)> done);
  [[nodiscard]] std::future<Resolution> resolve_async(std::string_view name);

  [[nodiscard]] Choice pick(std::string_view name, const PickOptions& options = {});
  void pick(std::string_view name, const PickOptions& options, std::function<void(Choice)> done);

  // Fail-over in one call: calls `use` with one endpoint after another, each at most once, until `use` returns true.
  // Reports each result (success or failure) to the balancer. Returns the endpoint for which `use` returned true, or
  // `all_failed` if `use` returned false for every endpoint it got (at most `endpoints_max`).
  Choice attempt(std::string_view name, const std::function<bool(const Endpoint&)>& use,
                 const PickOptions& options = {}, std::size_t endpoints_max = 3);

  // Callers report the result of using an endpoint of this name; see Balancer. Never blocks.
  void report_failure(std::string_view name, const Endpoint& endpoint);
  void report_success(std::string_view name, const Endpoint& endpoint);
  void report_load(std::string_view name, const Endpoint& endpoint, double load);

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace rollcall
