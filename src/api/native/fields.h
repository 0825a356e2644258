// Reads the JSON bodies of the native API, field by field.
//
// Failure  Errc::invalid, with the field's path and a sentence that says what would be right; Errc::unknown_zone.
// Source   interface.md §2; the rules of each field live in registry/instance/registration.h.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "registry/instance/registration.h"
#include "registry/ports/ports.h"
#include "registry/registry.h"

namespace rollcall::api::native {

// A field of a registration, besides those of its health plan (health::k_plan_fields), as /v1/openapi.json tells of it.
struct FieldText {
  std::string_view name;
  std::string_view schema;  // of openapi/schemas.h
  std::string_view text;
};
[[nodiscard]] std::span<const FieldText> registration_fields();

// What the path and the query say: where the body says it as well, both must agree.
struct Given {
  std::optional<registry::ZoneId> zone;
  std::string service;  // folded; empty when not given
  std::string id;       // empty when not given
  // A body without a ttl keeps the lease of the instance that is here; null: it gets the usual one. Under a ReadLock.
  const registry::Registry* keeps_lease = nullptr;
};

// The zone that body and query agree on; the first zone where both are silent.
[[nodiscard]] Result<registry::ZoneId> agree_on_zone(std::optional<registry::ZoneId> in_body,
                                                     std::optional<registry::ZoneId> in_query, std::string_view field,
                                                     const registry::ZoneDirectory& zones);

// A whole registration: validated, normalised, with its defaults.
[[nodiscard]] Result<registry::Registration> parse_registration(const boost::json::object& body, const Given& given,
                                                                const registry::ZoneDirectory& zones,
                                                                const registry::LeaseBounds& bounds);

// `{"instances":[{"service","id","zone"?}…]}`: the instances whose leases to renew, in the order given.
[[nodiscard]] Result<std::vector<registry::InstanceKey>> parse_instance_keys(const boost::json::object& body,
                                                                             std::optional<registry::ZoneId> zone,
                                                                             const registry::ZoneDirectory& zones);

}  // namespace rollcall::api::native
