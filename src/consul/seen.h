// An instance as clients of Consul's API see it, whichever API registered it: a service with its checks.
//
// Shape    values, copied from the roll.
// Checks   of an instance of another API: one, `service:<id>`, that is what its status is. Whoever drains is critical, with a
//          maintenance check that says so.
// Threads  under a ReadLock.
// Source   docs/consul.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "consul/attributes.h"
#include "health/check_result.h"
#include "registry/instance/instance.h"

namespace rollcall::consul {

struct SeenCheck {
  std::string id;
  std::string name;
  std::string type;  // as in CheckDefinition; "maintenance"; empty: told from outside
  std::string notes;
  std::string output;
  health::CheckStatus status = health::CheckStatus::passing;
  CheckDefinition definition;              // all defaults where there is none
  bool is_of_node = false;                 // "_node_maintenance": it has no service
  WallTime since{};                        // of the status
  std::chrono::milliseconds ends_after{};  // DeregisterCriticalServiceAfter; zero: never
};

struct Seen {
  std::string id;       // as its client knows it
  std::string name;     // of the service, as registered
  std::string address;  // as registered: empty where none was given; else its first address, or its host name
  std::vector<std::string> tags;
  std::vector<SeenCheck> checks;
  Attributes attributes;  // Weights are set for other APIs too
};

// `now`: a TTL check whose lease is over is critical, whether that is on the roll already or not.
[[nodiscard]] Seen see(const registry::Instance& instance, registry::LeaseTime now);

// What is shown as CreateIndex: of an instance that another API registered, the index of its last change.
[[nodiscard]] inline registry::ChangeIndex created_index(const Attributes& attributes, registry::ChangeIndex index) {
  return attributes.created == 0 || attributes.created > index ? index : attributes.created;
}

[[nodiscard]] inline health::CheckStatus worst_of(const std::vector<SeenCheck>& checks) {
  return health::worst_of(checks);
}

}  // namespace rollcall::consul
