#include "api/native/calls.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "base/check.h"

namespace rollcall::api::native {

Result<void> permit_told(const Call& call, const Explanation& told) {
  const Grant& grant = *call.standing.grant;
  const bool is_covered =
      std::ranges::all_of(told.services, [&](const registry::ServiceKey& each) { return grant.covers(each.ref()); }) &&
      std::ranges::all_of(told.zones, [&](registry::ZoneId zone) { return grant.covers(zone, std::nullopt); });
  if (is_covered) return {};
  return forbid(call, fmt::format("{} may not {} all that the answer tells of; ask for the names of services it is for",
                                  call.standing.principal.text(), verb_of(call)));
}

Result<std::string> parse_service_unasked(const Call& call) {
  check(!call.service.empty(), "the route's path names a service");
  std::string room;
  return registry::parse_label(decode(call.service, room), "service");
}

Result<std::string> parse_id(const Call& call) {
  check(!call.id.empty(), "the route's path names an instance");
  std::string room;
  return registry::parse_instance_id(decode(call.id, room));
}

Result<std::string> parse_service(const Call& call) {
  Result<std::string> service = parse_service_unasked(call);
  if (!service) return service;
  if (const Result<void> permitted = permit(call, {call.zone(), *service}); !permitted) {
    return std::unexpected(permitted.error());
  }
  return service;
}

Result<registry::InstanceKey> parse_instance_key(const Call& call) {
  Result<std::string> service = parse_service(call);
  if (!service) return std::unexpected(std::move(service.error()));
  Result<std::string> id = parse_id(call);
  if (!id) return std::unexpected(std::move(id.error()));
  return registry::InstanceKey{{call.zone(), std::move(*service)}, std::move(*id)};
}

}  // namespace rollcall::api::native
