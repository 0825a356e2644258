#include "ops/ready.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>

#include "base/check.h"
#include "base/counted.h"
#include "base/duration.h"

namespace rollcall::ops {
namespace {

constexpr std::chrono::milliseconds k_example_lease = std::chrono::minutes(5);  // long enough to try the other commands

// The address at which a client on this machine reaches the listener `bound`.
IpEndpoint reachable(const IpEndpoint& bound) {
  check(bound.port != 0, "a bound endpoint has a port");
  if (!bound.address.is_unspecified()) return bound;
  const auto loopback = IpAddress::parse(bound.address.is_v4() ? "127.0.0.1" : "::1");
  return IpEndpoint{*loopback, bound.port};
}

}  // namespace

std::string ready_message(const IpEndpoint& dns, const IpEndpoint& http, const dns::Name& zone,
                          const registry::LeaseBounds& bounds) {
  const IpEndpoint server = reachable(dns);
  const std::string dig = fmt::format("dig @{} -p {}", server.address.text(), server.port);
  const std::string name = zone.text_without_dot();
  const std::string ttl = format_duration(std::clamp(k_example_lease, bounds.min, bounds.max));
  std::string message;
  message += fmt::format("curl -sS http://{}/v1/heartbeat -d ", reachable(http).text());
  message += fmt::format(R"('{{"service":"web","address":"192.0.2.10","port":8080,"ttl":"{}"}}')", ttl) + "\n";
  message += fmt::format("{} web.{} A +short\n", dig, name);
  message += fmt::format("{} _web._tcp.{} SRV\n", dig, name);
  return message;
}

std::string state_sentence(const registry::Counts& counts) {
  return fmt::format("answering; {} of {} on the roll when this was written", counted(counts.instances, "instance"),
                     counted(counts.services, "service"));
}

}  // namespace rollcall::ops
