#include "api/permission.h"

#include <fmt/format.h>
#include <utility>

#include "api/audit.h"
#include "base/check.h"

namespace rollcall::api {

std::string_view verb_of(const Call& call) { return call.route.right == Right::read ? "read" : "write"; }

std::unexpected<Error> forbid(const Call& call, std::string sentence) {
  if (call.is_change()) record_refusal(call.request, call.standing.principal, sentence);
  return failure(Errc::forbidden, std::move(sentence));
}

Result<void> permit(const Call& call, registry::ZoneId zone) {
  check(call.standing.grant != nullptr, "the router lets nobody in without a grant");
  if (call.standing.grant->covers(zone)) return {};
  return forbid(call, fmt::format("{} may not {} in zone {}; ?zone= names another", call.standing.principal.text(),
                                  verb_of(call), call.zones.name_of(zone)));
}

Result<void> permit(const Call& call, const registry::ServiceRef& service) {
  if (call.standing.grant->covers(service)) return {};
  if (const Result<void> in_zone = permit(call, service.zone); !in_zone) return in_zone;
  return forbid(call, fmt::format("{} may not {} service \"{}\" of zone {}", call.standing.principal.text(),
                                  verb_of(call), service.name, call.zones.name_of(service.zone)));
}

Result<void> permit_lease(const Call& call, const registry::Registration& asked) {
  if (asked.lease != registry::LeaseKind::none || call.standing.grant->no_lease) return {};
  const registry::Instance* known = call.registry.find_instance(asked.key.ref());
  if (known != nullptr && known->lease_kind() == registry::LeaseKind::none) return {};
  return forbid(call, fmt::format("{} may not register without a lease (ttl \"none\"): give a ttl, or use a token with "
                                  "no_lease = true",
                                  call.standing.principal.text()));
}

Result<void> permit_range(const Call& call, std::optional<registry::ZoneId> zone,
                          std::optional<std::string_view> service) {
  if (call.standing.grant->covers(zone, service)) return {};
  return forbid(call, fmt::format("{} may not {} all of this; name a zone and a service it is for, with ?zone= and "
                                  "?service=",
                                  call.standing.principal.text(), verb_of(call)));
}

}  // namespace rollcall::api
