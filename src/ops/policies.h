// The answer policy (TTL, limits, behaviour when empty) of each service, from the current settings.
//
// Owner    rollcalld.cc.
// Threads  any; a reload replaces the settings under a lock.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "answer/zone/policy.h"
#include "base/guarded.h"
#include "ops/settings.h"
#include "registry/instance/instance.h"

namespace rollcall::ops {

class Policies {
 public:
  Policies(std::vector<ZoneSettings> zones, std::vector<ServiceRule> rules)
      : current_(Current{std::move(zones), std::move(rules)}) {}

  [[nodiscard]] answer::AnswerPolicy of(const registry::ServiceRef& service) const {
    return current_.with([&](const Current& current) {
      return policy_of(current.zones.at(static_cast<std::size_t>(service.zone)), current.rules, service.name);
    });
  }
  // Applies to answers built from now on. The caller rebuilds the prebuilt answers.
  void replace(std::vector<ZoneSettings> zones, std::vector<ServiceRule> rules) {
    current_.with([&](Current& current) { current = {std::move(zones), std::move(rules)}; });
  }

 private:
  struct Current {
    std::vector<ZoneSettings> zones;  // by ZoneId
    std::vector<ServiceRule> rules;
  };
  Guarded<Current> current_;
};

}  // namespace rollcall::ops
