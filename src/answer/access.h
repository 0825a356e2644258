// Access control by client network: deny before allow.
//
// Shape    value; an empty `allow` is everybody.
// Source   `[dns] allow`, `deny`; the refusal is RFC 8914's Prohibited (18).
#pragma once

#include "base/ip_prefix.h"

namespace rollcall::answer {

struct AccessList {
  IpPrefixSet allow = {};
  IpPrefixSet deny = {};

  [[nodiscard]] bool permits(const IpAddress& client) const {
    return !deny.contains(client) && (allow.empty() || allow.contains(client));
  }
};

}  // namespace rollcall::answer
