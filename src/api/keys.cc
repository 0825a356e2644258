#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "api/audit.h"
#include "api/calls.h"

namespace rollcall::api {
namespace {

std::string_view verb_of(Right right) { return right == Right::read ? "read" : "write"; }

std::unexpected<Error> forbid(const Call& call, std::string sentence) {
  if (call.is_change) record_refusal(call.request, call.standing.principal, sentence);
  return failure(Errc::forbidden, std::move(sentence));
}

}  // namespace

Result<void> permit(const Call& call, registry::ZoneId zone) {
  if (call.standing.grant->covers(zone)) return {};
  return forbid(call, fmt::format("{} may not {} in zone {}; ?zone= names another", call.standing.principal.text(),
                                  verb_of(call.right), call.zones.name_of(zone)));
}

Result<void> permit(const Call& call, const registry::ServiceRef& service) {
  if (call.standing.grant->covers(service)) return {};
  if (const Result<void> in_zone = permit(call, service.zone); !in_zone) return in_zone;
  return forbid(call, fmt::format("{} may not {} service \"{}\" of zone {}", call.standing.principal.text(),
                                  verb_of(call.right), service.name, call.zones.name_of(service.zone)));
}

Result<void> permit_range(const Call& call, std::optional<registry::ZoneId> zone,
                          std::optional<std::string_view> service) {
  if (call.standing.grant->covers(zone, service)) return {};
  return forbid(call, fmt::format("{} may not {} all of this; name a zone and a service it is for, with ?zone= and "
                                  "?service=",
                                  call.standing.principal.text(), verb_of(call.right)));
}

Result<void> permit_told(const Call& call, const Explanation& told) {
  const Grant& grant = *call.standing.grant;
  const bool is_covered =
      std::ranges::all_of(told.services, [&](const registry::ServiceKey& each) { return grant.covers(each.ref()); }) &&
      std::ranges::all_of(told.zones, [&](registry::ZoneId zone) { return grant.covers(zone, std::nullopt); });
  if (is_covered) return {};
  return forbid(call, fmt::format("{} may not {} all that the answer tells of; ask for the names of services it is for",
                                  call.standing.principal.text(), verb_of(call.right)));
}

Result<std::string> parse_service_unasked(const Call& call) {
  std::string room;
  return registry::parse_label(decode(call.service, room), "service");
}

Result<std::string> parse_id(const Call& call) {
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

}  // namespace rollcall::api
