// What can be asked of the roll, and what it came to.
#pragma once

#include <string>
#include <variant>

#include "base/result.h"
#include "registry/instance.h"
#include "registry/lease.h"

namespace rollcall::registry {

struct Register {
  Registration registration;
};
struct Deregister {
  InstanceKey key;
};
using Change = std::variant<Register, Deregister>;

// What a change came to: what the answer to the client is made of.
struct Applied {
  bool created = false;  // a new instance, not a renewal or an update
  bool changed = false;  // something visible is different
  Status status = Status::ready;
  std::string label;
  ChangeIndex index = 0;  // of the instance; for a deregistration, of the service
  LeaseTime expires_at;
};
using Outcome = Result<Applied>;

}  // namespace rollcall::registry
