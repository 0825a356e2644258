// The definition of a check in a body: one of a service's, or that of agent/check/register.
//
// Shape    values.
// Failure  a bare sentence; `Invalid check: …` for what no check can be.
// Source   docs/consul.md.
#pragma once

#include <string>

#include "api/consul/agent/fields.h"
#include "consul/attributes.h"
#include "health/check_result.h"

namespace rollcall::api::consul {

// A check as it is asked for. Its ids and its name may be empty: they come from the service then.
struct AskedCheck {
  rollcall::consul::CheckDefinition definition;
  std::string name;
  std::string service_id;  // agent/check/register alone
  health::CheckStatus status = health::CheckStatus::critical;
  std::chrono::milliseconds ends_after{};  // DeregisterCriticalServiceAfter; zero: never

  [[nodiscard]] bool is_ttl() const { return definition.type == "ttl"; }
  // As the roll has it at first.
  [[nodiscard]] health::CheckResult result() const;
};

// Whether a check says nothing at all, as `"Check": {}`: then there is none.
[[nodiscard]] Result<bool> is_empty_check(const boost::json::object& object);

[[nodiscard]] Result<AskedCheck> read_check(const boost::json::object& object);

}  // namespace rollcall::api::consul
