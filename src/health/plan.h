// The health plan of an instance: its health checks, and the probe that runs when its heartbeats stop.
//
// Shape    values, validated and settled (plan_json.h): every default is filled in. Most instances have no plan, and
//          then it costs them one null pointer; a plan is shared by all copies of its registration.
// Units    durations are milliseconds.
// Threads  immutable once made.
// Source   docs/checks.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace rollcall::health {

enum class CheckType : std::uint8_t {
  tcp,   // a connection is accepted
  http,  // GET is answered as expected
  dns,   // a query over UDP is answered with NOERROR
  // Of other APIs than the native one:
  udp,         // a datagram is not refused
  alias,       // another instance is well
  grpc,        // grpc.health.v1 answers SERVING
  h2ping,      // a PING of HTTP/2 is answered
  alias_node,  // a node is well
  ttl,         // it is not run: the instance calls in, at least once in its interval
};
inline constexpr std::size_t k_check_types = 9;
[[nodiscard]] std::string_view to_text(CheckType type);  // as above

struct StatusRange {
  std::uint16_t first = 200;
  std::uint16_t last = 299;
  friend bool operator==(const StatusRange&, const StatusRange&) = default;
};

struct Check {
  CheckType type = CheckType::tcp;
  std::chrono::milliseconds interval = limits::k_check_interval_default;
  std::chrono::milliseconds timeout = limits::k_check_timeout_default;
  std::uint16_t rise = 0;    // passes in a row that end a failure; 0 until settled: the plan's
  std::uint16_t fall = 0;    // failures in a row that are one
  std::uint16_t port = 0;    // 0: the instance's
  std::string address = {};  // a literal or a host name; empty: the instance's addresses, one after the other
  std::string path = {};     // http: of the request, from its "/"
  std::string host = {};     // http: the Host field; empty: address and port
  std::vector<StatusRange> expect_status = {};  // http
  std::string expect_body = {};                 // http: somewhere in the first 64 KiB; empty: the body is not read
  std::string name = {};                        // dns: presentation form
  std::uint16_t qtype = 1;                      // dns
  // Of other APIs than the native one. With an id the check has a result of its own (CheckResult, CheckKind::run) instead of
  // a part in that of the plan; then these three count instead of rise and fall.
  std::string id = {};
  std::uint16_t pass_after = 1;                                  // successes in a row that are passing (or a warning)
  std::uint16_t warn_after = 1;                                  // failures in a row that are a warning
  std::uint16_t critical_after = 1;                              // failures in a row that are critical
  std::string method = {};                                       // http; empty: GET
  std::string body = {};                                         // http
  std::vector<std::pair<std::string, std::string>> header = {};  // http
  bool uses_tls = false;                                         // http, tcp, grpc, h2ping
  bool skips_tls_verify = false;                                 // the same
  std::string tls_name = {};                                     // of the certificate; empty: that of the address
  std::string target = {};  // alias: the id of the other instance; grpc: the service, empty: the server as a whole
  friend bool operator==(const Check&, const Check&) = default;
};

struct Plan {
  std::vector<Check> checks = {};
  std::optional<Check> probe =
      {};                         // for an instance whose heartbeat is overdue; its interval, rise and fall say nothing
  bool evict_on_refusal = false;  // a probe that is refused ends the lease
  bool renew_on_probe = false;    // a probe that passes renews it
  bool starts_critical = false;   // not answered before its checks have passed
  std::optional<std::uint16_t> rise = {};  // of all checks that do not say their own
  std::optional<std::uint16_t> fall = {};

  [[nodiscard]] bool is_empty() const { return *this == Plan{}; }
  friend bool operator==(const Plan&, const Plan&) = default;
};

// A plan, or none. Equal by value.
class SharedPlan {
 public:
  SharedPlan() = default;
  // An empty plan is none.
  explicit SharedPlan(Plan plan) : plan_(plan.is_empty() ? nullptr : std::make_shared<const Plan>(std::move(plan))) {}

  [[nodiscard]] explicit operator bool() const { return plan_ != nullptr; }
  [[nodiscard]] const Plan& operator*() const { return *plan_; }
  [[nodiscard]] const Plan* operator->() const { return plan_.get(); }

  [[nodiscard]] bool has_checks() const { return plan_ != nullptr && !plan_->checks.empty(); }

  friend bool operator==(const SharedPlan& a, const SharedPlan& b) {
    if (a.plan_ == b.plan_) return true;
    return a.plan_ != nullptr && b.plan_ != nullptr && *a.plan_ == *b.plan_;
  }

 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace rollcall::health
