// The labels of a service's instances in the DNS: `I.S.Z`.
//
// Shape    an instance's own label (registry::label_of), as all of the native API have. Other doors take ids and tags that would be
//          one name in the DNS: such an instance has a derived label here, and the tag, or the other instance, the name itself.
// Cost     services of the native API alone: a look at each instance.
// Owner    borrows the service for the call.
// Threads  one.
// Source   docs/consul-dns.md.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "registry/instance/instance.h"

namespace rollcall::answer {

class MemberLabels {
 public:
  explicit MemberLabels(const registry::Service& service);
  [[nodiscard]] std::string_view of(const registry::Instance& instance) const {
    if (derived_.empty()) [[likely]]
      return instance.label();
    const auto at = derived_.find(&instance);
    return at == derived_.end() ? instance.label() : at->second;
  }

 private:
  std::map<const registry::Instance*, std::string> derived_;
};

}  // namespace rollcall::answer
