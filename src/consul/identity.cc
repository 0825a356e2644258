#include "consul/identity.h"

#include <fmt/format.h>

#include "base/ascii_case.h"
#include "base/digest.h"

namespace rollcall::consul {

std::optional<registry::ZoneId> Identity::find_datacenter(std::string_view name) const {
  if (name.empty()) return registry::ZoneId{0};
  for (std::size_t i = 0; i < datacenters.size(); ++i) {
    if (equal_but_for_case(datacenters[i], name)) return static_cast<registry::ZoneId>(i);
  }
  return std::nullopt;
}

std::string node_id_of(std::string_view node) {
  std::string digits = to_hex(sha256("rollcall node " + to_lower(node))).substr(0, 32);
  digits[12] = '8';                              // version: free to choose
  digits[16] = "89ab"[(digits[16] & 0x0f) % 4];  // variant
  return fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4), digits.substr(12, 4),
                     digits.substr(16, 4), digits.substr(20));
}

}  // namespace rollcall::consul
