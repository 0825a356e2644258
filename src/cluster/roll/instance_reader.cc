// Reads the value of an instance's key.
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "base/ascii_case.h"
#include "base/limits.h"
#include "cluster/roll/value_fields.h"
#include "cluster/roll/values.h"
#include "health/plan_json.h"
#include "json/body.h"
#include "json/values.h"
#include "registry/instance/standing.h"

namespace rollcall::cluster {
namespace {

using registry::Door;
using registry::LeaseKind;
using registry::Registration;

constexpr std::size_t k_tree_bytes = std::size_t{8} << 10;  // of a usual value: no allocation of its own
constexpr std::string_view k_expected = R"(an instance, a JSON object like {"address":"192.0.2.1","port":8080})";

std::string_view view(boost::json::string_view text) { return {text.data(), text.size()}; }

struct Draft {
  const InstancePlace& place;
  StoredInstance stored = {};  // all but the registration
  Registration asked = {};
  std::optional<IpAddress> address = {};
  std::optional<std::chrono::milliseconds> ttl = {};     // as `ttl` ...
  std::optional<std::chrono::milliseconds> ttl_ms = {};  // ... and as `ttl_ms`; zero: none
  std::optional<LeaseKind> lease = {};
  bool has_port = false;
  bool has_since = false;
  health::Plan health = {};

  [[nodiscard]] bool is_native() const { return asked.door == Door::native; }
};

using Value = boost::json::value;
using Read = Result<void>;

Read keep_text(const Value& value, std::string_view field, std::string& into,
               Result<std::string> (*parse)(std::string_view, std::string_view)) {
  const auto text = json::parse_text(value, field);
  return text ? json::keep(parse(*text, field), into) : std::unexpected(text.error());
}

Result<IpAddress> parse_address(const Value& value, std::string_view field) {
  const auto text = json::parse_text(value, field);
  return text ? registry::parse_instance_address(*text, field) : std::unexpected(text.error());
}

// Folded, as all names of services are.
Result<std::string> parse_free_name(std::string_view text, std::string_view field) {
  Result<std::string> name = registry::parse_free_id(text, field);
  return name ? Result<std::string>(to_lower(*name)) : name;
}

Result<std::string> parse_service(std::string_view text, const Draft& draft) {
  return draft.is_native() ? registry::parse_label(text, "service") : parse_free_name(text, "service");
}

Read read_service(const Value& value, Draft& draft) {
  return keep_text(value, "service", draft.asked.key.service.name,
                   draft.is_native() ? &registry::parse_label : &parse_free_name);
}

Read read_zone(const Value& value, Draft& draft) {
  const auto text = json::parse_text(value, "zone");
  if (!text) return std::unexpected(text.error());
  std::string_view name = *text;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (to_lower(name) == draft.place.zone) return {};
  return json::invalid(fmt::format("zone must be \"{}\" as in the key, or be left out", draft.place.zone), "zone");
}

Read read_id(const Value& value, Draft& draft) {
  return keep_text(value, "id", draft.asked.key.id,
                   draft.is_native() ? &registry::parse_instance_id : &registry::parse_free_id);
}

Read read_address(const Value& value, Draft& draft) {
  return json::keep(parse_address(value, "address"), draft.address);
}

Read read_addresses(const Value& value, Draft& draft) {
  return json::read_list(value, "addresses", "strings, each an IPv4 or IPv6 address", limits::k_addresses_max,
                         draft.asked.addresses, parse_address);
}

Read read_port(const Value& value, Draft& draft) {
  draft.has_port = true;
  return json::keep(json::parse_u16(value, "port", 0), draft.asked.port);
}

Read read_protocol(const Value& value, Draft& draft) {
  const auto text = json::parse_text(value, "protocol");
  for (const registry::Protocol protocol : {registry::Protocol::tcp, registry::Protocol::udp}) {
    if (!text || *text != to_text(protocol)) continue;
    draft.asked.protocol = protocol;
    return {};
  }
  return json::invalid("protocol must be \"tcp\" or \"udp\"", "protocol");
}

Read read_priority(const Value& value, Draft& draft) {
  return json::keep(json::parse_u16(value, "priority", 0), draft.asked.priority);
}
Read read_weight(const Value& value, Draft& draft) {
  return json::keep(json::parse_u16(value, "weight", 0), draft.asked.weight);
}

Read read_tags(const Value& value, Draft& draft) {
  const bool is_native = draft.is_native();
  return json::read_list(value, "tags", "strings", limits::k_tags_max, draft.asked.tags,
                         [&](const Value& element, const std::string& field) -> Result<std::string> {
                           const auto text = json::parse_text(element, field);
                           if (!text) return std::unexpected(text.error());
                           return is_native ? registry::parse_label(*text, field) : std::string(*text);
                         });
}

Read read_meta(const Value& value, Draft& draft) {
  const boost::json::object* members = value.if_object();
  if (members == nullptr) return json::invalid("meta must be an object of strings", "meta");
  draft.asked.meta.reserve(members->size());
  for (const auto& [key, text_value] : *members) {
    const auto text = json::parse_text(text_value, std::string("meta.").append(json::quotable(key)));
    if (!text) return std::unexpected(text.error());
    draft.asked.meta.emplace_back(view(key), *text);
  }
  return {};
}

Read read_ttl(const Value& value, Draft& draft) {
  if (const boost::json::string* text = value.if_string(); text != nullptr && view(*text) == "none") {
    draft.ttl = std::chrono::milliseconds::zero();
    return {};
  }
  return json::keep(json::parse_duration(value, "ttl"), draft.ttl);
}
Read read_ttl_ms(const Value& value, Draft& draft) {
  const auto count = parse_count(value, "ttl_ms", static_cast<std::uint64_t>(limits::k_door_lease_max.count()));
  if (!count) return std::unexpected(count.error());
  draft.ttl_ms = std::chrono::milliseconds(*count);
  return {};
}

Read read_lease(const Value& value, Draft& draft) {
  const auto text = json::parse_text(value, "lease");
  if (text) draft.lease = registry::parse_lease_kind(*text);
  if (draft.lease) return {};
  return json::invalid("lease must be \"ends\", \"critical\" or \"none\"", "lease");
}
Read read_lease_check(const Value& value, Draft& draft) {
  return json::keep(parse_bounded(value, "lease_check", limits::k_door_id_bytes_max), draft.asked.lease_check);
}

Read read_host(const Value& value, Draft& draft) {
  if (draft.is_native()) return json::invalid("host is for instances of other doors", "host");
  return keep_text(value, "host", draft.asked.host, &registry::parse_free_id);
}

Read read_attributes(const Value& value, Draft& draft) {
  if (value.is_object()) {
    draft.asked.attributes = boost::json::serialize(value);
    return {};
  }
  // As a string, whose content is one object: the text is kept as it is.
  const boost::json::string* text = value.if_string();
  boost::json::error_code broken;
  if (text != nullptr && boost::json::parse(*text, broken).is_object() && !broken) {
    draft.asked.attributes = view(*text);
    return {};
  }
  return json::invalid("attributes must be a JSON object", "attributes");
}

Read read_door(const Value&, Draft&) { return {}; }  // has been read before all others

Read read_draining(const Value& value, Draft& draft) {
  return json::keep(parse_truth(value, "draining"), draft.stored.standing.is_draining);
}
Read read_status_since(const Value& value, Draft& draft) {
  draft.has_since = true;
  return json::keep(parse_time(value, "status_since"), draft.stored.standing.since);
}
Read read_registered_at(const Value& value, Draft& draft) {
  return json::keep(parse_time(value, "registered_at"), draft.stored.registered_at);
}
Read read_unchanged_since(const Value& value, Draft& draft) {
  const auto revision = parse_count(value, "unchanged_since", INT64_MAX);
  if (!revision) return std::unexpected(revision.error());
  draft.stored.unchanged_since = static_cast<Revision>(*revision);
  return {};
}
Read read_by(const Value& value, Draft& draft) {
  return json::keep(parse_bounded(value, "by", k_by_bytes_max), draft.stored.by);
}

Result<health::CheckResult> parse_result(const Value& value, const std::string& field) {
  const auto refuse = [&](std::string_view sentence) {
    return json::invalid(fmt::format("{} {}", field, sentence), field);
  };
  const boost::json::object* object = value.if_object();
  if (object == nullptr) return refuse("must be an object");
  health::CheckResult result{.kind = health::CheckKind::told};
  std::string kind(to_text(result.kind));
  std::string status;
  std::uint64_t ends_after = 0;
  ValueFields fields(*object);
  fields.read("id", result.id).read("name", result.name).read("kind", kind).read("status", status);
  fields.read("since", result.since).read("output", result.output);
  fields.read("ends_after_ms", ends_after, static_cast<std::uint64_t>(limits::k_stored_time_max.count()));
  if (const Read read = fields.end(); !read) return std::unexpected(read.error());
  const auto known_kind = health::parse_check_kind(kind);
  const auto known_status = health::parse_check_status(status);
  if (!known_kind) return refuse("has a kind that there is not");
  if (!known_status) return refuse("needs a status: passing, warning or critical");
  const bool is_bounded = !result.id.empty() && result.id.size() <= limits::k_door_id_bytes_max &&
                          result.name.size() <= limits::k_door_id_bytes_max &&
                          result.output.size() <= limits::k_result_output_bytes_max;
  if (!is_bounded)
    return refuse(fmt::format("needs an id; id and name have at most {} octets", limits::k_door_id_bytes_max));
  result.kind = *known_kind;
  result.status = *known_status;
  result.ends_after = std::chrono::milliseconds(ends_after);
  return result;
}

Read read_results(const Value& value, Draft& draft) {
  health::CheckResults results;
  const Read read = json::read_list(value, "results", "objects", limits::k_check_results_max, results, &parse_result);
  if (!read) return read;
  for (health::CheckResult& result : results) {
    if (health::find_result(draft.stored.standing.checks, result.id) != nullptr) {
      return json::invalid("results must have an id of their own, each", "results");
    }
    draft.stored.standing.checks.push_back(std::move(result));
  }
  return {};
}

struct Field {
  std::string_view name;
  Read (*read)(const Value&, Draft&);
};
constexpr Field k_fields[] = {
    {"service", &read_service},
    {"id", &read_id},
    {"address", &read_address},
    {"port", &read_port},
    {"ttl_ms", &read_ttl_ms},
    {"registered_at", &read_registered_at},
    {"status_since", &read_status_since},
    {"by", &read_by},
    {"unchanged_since", &read_unchanged_since},
    {"tags", &read_tags},
    {"meta", &read_meta},
    {"weight", &read_weight},
    {"priority", &read_priority},
    {"protocol", &read_protocol},
    {"addresses", &read_addresses},
    {"ttl", &read_ttl},
    {"zone", &read_zone},
    {"draining", &read_draining},
    {"results", &read_results},
    {"door", &read_door},
    {"host", &read_host},
    {"lease", &read_lease},
    {"lease_check", &read_lease_check},
    {"attributes", &read_attributes},
};

Read read_field(std::string_view name, const Value& value, Draft& draft) {
  for (const Field& field : k_fields) {
    if (field.name == name) return value.is_null() ? Read{} : field.read(value, draft);
  }
  if (health::is_plan_field(name)) return health::read_plan_field(name, value, draft.health, health::CheckRole::stored);
  std::string known;
  for (const Field& field : k_fields) known.append(known.empty() ? "" : ", ").append(field.name);
  const std::string_view shown = json::quotable(name);
  return json::invalid(
      fmt::format("unknown field \"{}\"; an instance has {}, {}", shown, known, fmt::join(health::k_plan_fields, ", ")),
      shown);
}

Read settle_door(const boost::json::object& object, Draft& draft) {
  const Value* value = object.if_contains("door");
  if (value == nullptr || value->is_null()) return {};
  const boost::json::string* text = value->if_string();
  const auto door = text == nullptr ? std::nullopt : registry::parse_door(view(*text));
  if (!door) return json::invalid("door must be native, consul or eureka", "door");
  draft.asked.door = *door;
  return {};
}

// The key's names decide; those of the value agree with them, or are left out.
Read settle_key(Draft& draft) {
  registry::InstanceKey& key = draft.asked.key;
  const auto named = parse_service(draft.place.service, draft);
  if (!named) return std::unexpected(named.error());
  if (*named != draft.place.service) {
    return json::invalid("service must be in lower case in the key", "service");
  }
  if (key.service.name.empty()) key.service.name = *named;
  if (key.service.name != *named) {
    return json::invalid(fmt::format("service must be \"{}\" as in the key, or be left out", *named), "service");
  }
  if (key.id.empty()) key.id = draft.place.label;
  if (to_lower(registry::label_of(key.id)) == draft.place.label) return {};
  return json::invalid(fmt::format("id must be one with the label \"{}\", which the key has; that of \"{}\" is \"{}\"",
                                   draft.place.label, key.id, registry::label_of(key.id)),
                       "id");
}

Read settle_addresses(Draft& draft) {
  std::vector<IpAddress>& addresses = draft.asked.addresses;
  if (!draft.address) return {};
  if (addresses.empty()) addresses.push_back(*draft.address);
  if (addresses.front() == *draft.address) return {};
  return json::invalid("address must be the first of addresses, where both are given", "address");
}

Read settle_lease(Draft& draft, const registry::LeaseBounds& bounds) {
  if (draft.ttl && draft.ttl_ms && *draft.ttl != *draft.ttl_ms) {
    return json::invalid("ttl and ttl_ms must say the same, where both are given", "ttl");
  }
  const auto given = draft.ttl ? draft.ttl : draft.ttl_ms;
  const bool is_none = draft.lease == LeaseKind::none && !given;
  draft.asked.ttl = given.value_or(is_none ? std::chrono::milliseconds::zero() : bounds.standard);
  draft.asked.lease = draft.lease.value_or(usual_lease(draft.asked.ttl));
  return {};
}

Result<StoredInstance> settle(Draft draft, const registry::LeaseBounds& bounds, std::size_t zone_apex_bytes) {
  if (const Read key = settle_key(draft); !key) return std::unexpected(key.error());
  if (const Read addresses = settle_addresses(draft); !addresses) return std::unexpected(addresses.error());
  if (const Read lease = settle_lease(draft, bounds); !lease) return std::unexpected(lease.error());
  if (draft.is_native() && !draft.has_port)
    return json::invalid("port is required: an integer from 1 to 65535", "port");
  if (const auto health = json::keep(health::complete_plan(std::move(draft.health)), draft.asked.health); !health) {
    return std::unexpected(health.error());
  }
  const registry::LeaseBounds wide =
      draft.is_native()
          ? registry::LeaseBounds{}
          : registry::LeaseBounds{bounds.standard, std::chrono::milliseconds(1), limits::k_door_lease_max};
  const registry::FieldRules rules = registry::rules_of_row(draft.asked.door);
  auto registration = registry::normalise(std::move(draft.asked), wide, zone_apex_bytes, rules);
  if (!registration) return std::unexpected(std::move(registration.error()));
  StoredInstance stored = std::move(draft.stored);
  stored.registration = std::move(*registration);
  stored.standing = registry::standing_of_row(std::move(stored.standing), stored.registration);
  return stored;
}

}  // namespace

Result<StoredInstance> read_instance(std::string_view json, registry::ZoneId zone, const InstancePlace& place,
                                     const registry::LeaseBounds& bounds, std::size_t zone_apex_bytes) {
  if (json.size() > k_value_bytes_max) {
    return failure(Errc::invalid, fmt::format("the value must be at most {} octets", k_value_bytes_max));
  }
  std::array<unsigned char, k_tree_bytes> room;
  boost::json::monotonic_resource memory(room.data(), room.size());
  const auto object = json::parse_object(json, k_expected, &memory);
  if (!object) return std::unexpected(object.error());
  Draft draft{place};
  draft.asked.key.service.zone = zone;
  if (const Read door = settle_door(*object, draft); !door) return std::unexpected(door.error());
  for (const auto& [name, value] : *object) {
    if (const Read read = read_field(view(name), value, draft); !read) return std::unexpected(read.error());
  }
  if (!draft.has_since) draft.stored.standing.since = draft.stored.registered_at;
  return settle(std::move(draft), bounds, zone_apex_bytes);
}

}  // namespace rollcall::cluster
