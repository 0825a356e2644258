// The InstanceId of a registration: a keyed hash of its zone, service and label, the same on every node of a cluster.
//
// Shape    two SipHashes with keys made of the history's incarnation, so that nobody outside can choose ids that meet.
// Threads  const members: any.
// Source   cluster/exchange.h; RFC 9018 §4.4 (SipHash).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/siphash.h"
#include "cluster/exchange.h"

namespace rollcall::cluster {

class InstanceIds {
 public:
  explicit InstanceIds(std::string_view history);

  // `label`: of the DNS, in any case; the other two are folded already.
  [[nodiscard]] InstanceId of(std::string_view zone, std::string_view service, std::string_view label) const;

 private:
  SipHashKey low_;
  SipHashKey high_;
};

}  // namespace rollcall::cluster
