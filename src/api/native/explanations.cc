#include <fmt/format.h>
#include <string>
#include <utility>

#include "api/native/calls.h"
#include "api/problem.h"
#include "dns/name.h"
#include "dns/rdata.h"

namespace rollcall::api::native {
namespace {

using dns::Name;
using dns::Type;

bool is_in_a_zone(Name name, const registry::ZoneDirectory& zones) {
  while (!name.is_root()) {
    if (zones.find(name.text_without_dot())) return true;
    name = name.parent();
  }
  return false;
}

// A name with the final dot is what it is, and so is one in a zone of ours. Any other is below the zone asked for.
Result<Name> parse_dns_name(const Call& call) {
  if (!call.parameters.name) return failure(Errc::invalid, "name is missing; which name is asked for?", "name");
  const std::string& text = *call.parameters.name;
  const std::optional<Name> name = Name::parse(text);
  if (!name) return failure(Errc::invalid, "name must be a domain name, as \"web.svc.internal\"", "name");
  if (text.ends_with('.') || is_in_a_zone(*name, call.zones)) return *name;
  const std::optional<Name> below = Name::parse(text + '.' + call.zones.name_of(call.zone()));
  if (!below) return failure(Errc::invalid, "name is too long to be below the zone", "name");
  return *below;
}

Result<Type> parse_dns_type(const Call& call) {
  if (!call.parameters.type) return Type::a;
  const Result<Type> type = dns::parse_type(*call.parameters.type);
  if (type && (!dns::is_meta_type(*type) || *type == Type::any)) return *type;
  return failure(Errc::invalid, "type must be a record type, as A, AAAA, SRV, PTR or TYPE65; or ANY", "type");
}

}  // namespace

Routed read_explanation(const Call& call) {
  const Result<Name> name = parse_dns_name(call);
  if (!name) return problem(name.error());
  const Result<Type> type = parse_dns_type(call);
  if (!type) return problem(type.error());
  const registry::ChangeIndex index = call.registry.counts().index;
  Explanation explanation = call.server.explain(*name, *type);
  if (const Result<void> permitted = permit_told(call, explanation); !permitted) return problem(permitted.error());
  Response response;
  response.body = std::move(explanation.json);
  response.headers.emplace_back("X-Rollcall-Index", std::to_string(index));
  return response;
}

}  // namespace rollcall::api::native
