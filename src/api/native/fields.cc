#include "api/native/fields.h"

#include <fmt/format.h>
#include <string>
#include <utility>

#include "api/native/parameters.h"
#include "json/values.h"
#include "registry/instance/registration.h"

namespace rollcall::api::native {
namespace {

using registry::ZoneId;

// What fits into the largest body.
constexpr std::size_t k_batch_heartbeats_max =
    limits::k_http_batch_body_bytes_max / std::string_view(R"({"service":"a","id":"b"})").size();

Result<registry::InstanceKey> parse_instance_key(const boost::json::value& element, const std::string& path,
                                                 std::optional<ZoneId> zone_asked,
                                                 const registry::ZoneDirectory& zones) {
  const boost::json::object* members = element.if_object();
  if (members == nullptr) return json::invalid(fmt::format("{} must be an object with service and id", path), path);
  registry::InstanceKey key;
  std::optional<ZoneId> zone_here;
  for (const auto& [name, value] : *members) {
    const std::string field = fmt::format("{}.{}", path, json::quotable(name));
    const bool known = name == "service" || name == "id" || name == "zone";
    if (!known)
      return json::invalid(fmt::format("unknown field {}; an instance here has service, id and zone", field), field);
    if (value.is_null()) continue;  // as if left out
    const auto text = json::parse_text(value, field);
    if (!text) return std::unexpected(text.error());
    const auto kept = name == "service" ? json::keep(registry::parse_label(*text, field), key.service.name)
                      : name == "id"    ? json::keep(registry::parse_instance_id(*text, field), key.id)
                                        : json::keep(parse_zone(*text, field, zones), zone_here);
    if (!kept) return std::unexpected(kept.error());
  }
  if (key.service.name.empty()) return json::invalid(fmt::format("{}.service is required", path), path + ".service");
  if (key.id.empty()) return json::invalid(fmt::format("{}.id is required", path), path + ".id");
  const auto zone = agree_on_zone(zone_here, zone_asked, path + ".zone", zones);
  if (!zone) return std::unexpected(zone.error());
  key.service.zone = *zone;
  return key;
}

}  // namespace

Result<ZoneId> agree_on_zone(std::optional<ZoneId> in_body, std::optional<ZoneId> in_query, std::string_view field,
                             const registry::ZoneDirectory& zones) {
  if (in_body && in_query && *in_body != *in_query) {
    return json::invalid(fmt::format("{} must be \"{}\" as in ?zone=, or be left out", field, zones.name_of(*in_query)),
                         field);
  }
  return in_body ? *in_body : in_query.value_or(ZoneId{0});
}

Result<std::vector<registry::InstanceKey>> parse_instance_keys(const boost::json::object& body,
                                                               std::optional<ZoneId> zone,
                                                               const registry::ZoneDirectory& zones) {
  std::vector<registry::InstanceKey> keys;
  for (const auto& [name, value] : body) {
    if (name != "instances") {
      const std::string_view shown = json::quotable(name);
      return json::invalid(fmt::format("unknown field \"{}\"; the body has instances", shown), shown);
    }
    const auto read = json::read_list(value, "instances", "objects with service and id", k_batch_heartbeats_max, keys,
                                      [&](const boost::json::value& element, const std::string& path) {
                                        return parse_instance_key(element, path, zone, zones);
                                      });
    if (!read) return std::unexpected(read.error());
  }
  if (!body.contains("instances")) return json::invalid("instances is required: a list of objects", "instances");
  return keys;
}

}  // namespace rollcall::api::native
