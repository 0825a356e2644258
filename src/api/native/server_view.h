// What the native API shows of the rest of the server: a port that ops/ implements.
//
// Owner    rollcalld.cc; outlives the door.
// Threads  any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/access.h"
#include "dns/name.h"
#include "dns/types.h"
#include "registry/instance/registration.h"

namespace rollcall::api::native {

struct Explanation {
  std::string json;
  std::vector<registry::ServiceKey> services;  // that it tells of
  std::vector<registry::ZoneId> zones = {};    // of which it tells more than of some services
};

class ServerView {
 public:
  virtual ~ServerView() = default;
  [[nodiscard]] virtual std::string_view version() const = 0;  // a constant
  // GET /v1/status: zones and rows by name, and how many services and instances, as far as the grant covers them.
  [[nodiscard]] virtual std::string status_json(const Grant& reader) const = 0;
  // GET /metrics: sums over everything, and of services by name as far as the grant covers them. Long where the roll is.
  [[nodiscard]] virtual std::string metrics_text(const Grant& reader) const = 0;
  // GET /v1/explain: what the DNS answers now, and why. Inside the router's ReadLock.
  [[nodiscard]] virtual Explanation explain(const dns::Name& name, dns::Type type) const = 0;
  // GET /v1/nodes: the nodes of the cluster; without one this server alone.
  [[nodiscard]] virtual std::string nodes_json() const = 0;
  // Empty: able to register and answer. Else the sentence that says why not.
  [[nodiscard]] virtual std::string unready_reason() const = 0;
  [[nodiscard]] virtual registry::LeaseBounds lease_bounds() const = 0;
};

}  // namespace rollcall::api::native
