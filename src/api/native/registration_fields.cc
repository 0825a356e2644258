#include <fmt/format.h>
#include <iterator>
#include <string>
#include <utility>

#include "api/native/fields.h"
#include "api/native/parameters.h"
#include "health/plan_json.h"
#include "json/values.h"

namespace rollcall::api::native {
namespace {

using registry::LeaseKind;
using registry::Registration;
using registry::ZoneId;

std::string_view view(boost::json::string_view text) { return {text.data(), text.size()}; }

// A registration in the making.
struct Draft {
  explicit Draft(const registry::ZoneDirectory& directory) : zones(directory) {}

  const registry::ZoneDirectory& zones;
  Registration asked;
  std::optional<ZoneId> zone;
  std::optional<IpAddress> address;  // `address`, which must be the first of `addresses` where both are given
  std::optional<std::chrono::milliseconds> ttl;
  bool has_no_lease = false;  // `"ttl": "none"`
  health::Plan health;
};

Result<void> read_service(const boost::json::value& value, Draft& draft) {
  const auto text = json::parse_text(value, "service");
  return text ? json::keep(registry::parse_label(*text, "service"), draft.asked.key.service.name)
              : std::unexpected(text.error());
}

Result<void> read_id(const boost::json::value& value, Draft& draft) {
  const auto text = json::parse_text(value, "id");
  return text ? json::keep(registry::parse_instance_id(*text), draft.asked.key.id) : std::unexpected(text.error());
}

Result<void> read_zone(const boost::json::value& value, Draft& draft) {
  const auto text = json::parse_text(value, "zone");
  return text ? json::keep(parse_zone(*text, "zone", draft.zones), draft.zone) : std::unexpected(text.error());
}

Result<IpAddress> parse_address(const boost::json::value& value, std::string_view field) {
  const auto text = json::parse_text(value, field);
  return text ? registry::parse_instance_address(*text, field) : std::unexpected(text.error());
}

Result<void> read_address(const boost::json::value& value, Draft& draft) {
  return json::keep(parse_address(value, "address"), draft.address);
}

Result<void> read_addresses(const boost::json::value& value, Draft& draft) {
  const auto read = json::read_list(value, "addresses", "strings, each an IPv4 or IPv6 address",
                                    limits::k_addresses_max, draft.asked.addresses, parse_address);
  if (read && draft.asked.addresses.empty())
    return json::invalid("addresses must have at least one address", "addresses");
  return read;
}

Result<void> read_tags(const boost::json::value& value, Draft& draft) {
  return json::read_list(value, "tags", "strings, each a DNS label", limits::k_tags_max, draft.asked.tags,
                         [](const boost::json::value& element, const std::string& field) -> Result<std::string> {
                           const auto text = json::parse_text(element, field);
                           return text ? registry::parse_label(*text, field) : std::unexpected(text.error());
                         });
}

Result<void> read_meta(const boost::json::value& value, Draft& draft) {
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

Result<void> read_port(const boost::json::value& value, Draft& draft) {
  return json::keep(json::parse_u16(value, "port", 1), draft.asked.port);
}
Result<void> read_priority(const boost::json::value& value, Draft& draft) {
  return json::keep(json::parse_u16(value, "priority", 0), draft.asked.priority);
}
Result<void> read_weight(const boost::json::value& value, Draft& draft) {
  return json::keep(json::parse_u16(value, "weight", 0), draft.asked.weight);
}
Result<void> read_ttl(const boost::json::value& value, Draft& draft) {
  if (const boost::json::string* text = value.if_string(); text != nullptr && view(*text) == "none") {
    draft.has_no_lease = true;
    return {};
  }
  return json::keep(json::parse_duration(value, "ttl"), draft.ttl);
}

Result<void> read_protocol(const boost::json::value& value, Draft& draft) {
  for (const registry::Protocol protocol : {registry::Protocol::tcp, registry::Protocol::udp}) {
    const boost::json::string* text = value.if_string();
    if (text != nullptr && view(*text) == registry::to_text(protocol)) {
      draft.asked.protocol = protocol;
      return {};
    }
  }
  return json::invalid("protocol must be \"tcp\" or \"udp\"", "protocol");
}

using Read = Result<void> (*)(const boost::json::value&, Draft&);

constexpr FieldText k_registration_fields[] = {
    {"service", "Label", "The service that the instance is one of."},
    {"id", "InstanceId", "Unique within the service; where it is left out `<address>-<port>`, for udp with `-udp`."},
    {"zone", "ZoneName", "Where it is left out the first zone."},
    {"address", "Address", "Required, or `addresses`; where both are given the first of them."},
    {"addresses", "Addresses", "All addresses, where there is more than one."},
    {"port", "Port", "Where it listens."},
    {"protocol", "Protocol", "Which `_proto` name finds it; tcp where it is left out."},
    {"priority", "Number16", "Lower is asked first; 1 where it is left out."},
    {"weight", "Number16", "Its share within a priority; 1 where it is left out."},
    {"tags", "Tags", "Subsets of the service, each a name `tag.service.zone`."},
    {"meta", "Meta", "Told in TXT records."},
    {"ttl", "Ttl", "How long after its last heartbeat the instance stays."},
};
constexpr Read k_read_fields[] = {&read_service,   &read_id,   &read_zone,     &read_address,
                                  &read_addresses, &read_port, &read_protocol, &read_priority,
                                  &read_weight,    &read_tags, &read_meta,     &read_ttl};
static_assert(std::size(k_read_fields) == std::size(k_registration_fields), "every field is read, in this order");

// `null` stands for a field that is left out: encoders of several languages write it where nothing is set.
Result<void> read_field(std::string_view name, const boost::json::value& value, Draft& draft) {
  for (std::size_t i = 0; i < std::size(k_registration_fields); ++i) {
    if (k_registration_fields[i].name == name) return value.is_null() ? Result<void>{} : k_read_fields[i](value, draft);
  }
  if (health::is_plan_field(name)) return health::read_plan_field(name, value, draft.health);
  std::string known;
  for (const FieldText& field : k_registration_fields) known.append(known.empty() ? "" : ", ").append(field.name);
  const std::string_view shown = json::quotable(name);
  return json::invalid(fmt::format("unknown field \"{}\"; a registration has {}, {}", shown, known,
                                   fmt::join(health::k_plan_fields, ", ")),
                       shown);
}

// Body and path agree, or one of them is silent.
Result<void> agree(std::string& in_body, const std::string& in_path, std::string_view field) {
  if (in_path.empty()) return {};
  if (!in_body.empty() && in_body != in_path) {
    return json::invalid(fmt::format("{} must be \"{}\" as in the path, or be left out", field, in_path), field);
  }
  in_body = in_path;
  return {};
}

Result<void> settle_key(Draft& draft, const Given& given) {
  const auto zone = agree_on_zone(draft.zone, given.zone, "zone", draft.zones);
  if (!zone) return std::unexpected(zone.error());
  registry::InstanceKey& key = draft.asked.key;
  key.service.zone = *zone;
  if (const auto service = agree(key.service.name, given.service, "service"); !service) return service;
  if (key.service.name.empty()) return json::invalid("service is required: a DNS label", "service");
  return agree(key.id, given.id, "id");
}

Result<void> settle_addresses(Draft& draft) {
  std::vector<IpAddress>& addresses = draft.asked.addresses;
  if (!draft.address) return {};
  if (addresses.empty()) addresses.push_back(*draft.address);
  if (addresses.front() == *draft.address) return {};
  return json::invalid("address must be the first of addresses, where both are given", "address");
}

// A lease that turns a check critical is the business of the door that made it.
void settle_lease(Draft& draft, const registry::Registry* roll, const registry::LeaseBounds& bounds) {
  Registration& asked = draft.asked;
  asked.ttl = draft.ttl.value_or(bounds.standard);
  if (!draft.ttl && !draft.has_no_lease && roll != nullptr) {
    const registry::Instance* known = roll->find_instance(asked.key.ref());
    if (known != nullptr && known->lease_kind() == LeaseKind::ends_instance) asked.ttl = known->ttl();
    draft.has_no_lease = known != nullptr && known->lease_kind() == LeaseKind::none;
  }
  if (!draft.has_no_lease) return;
  asked.lease = LeaseKind::none;
  asked.ttl = {};
}

}  // namespace

std::span<const FieldText> registration_fields() { return k_registration_fields; }

Result<Registration> parse_registration(const boost::json::object& body, const Given& given,
                                        const registry::ZoneDirectory& zones, const registry::LeaseBounds& bounds) {
  Draft draft(zones);
  for (const auto& [name, value] : body) {
    if (const auto read = read_field(view(name), value, draft); !read) return std::unexpected(read.error());
  }
  if (const auto key = settle_key(draft, given); !key) return std::unexpected(key.error());
  if (const auto addresses = settle_addresses(draft); !addresses) return std::unexpected(addresses.error());
  Registration& asked = draft.asked;
  if (asked.port == 0) return json::invalid("port is required: an integer from 1 to 65535", "port");
  if (asked.key.id.empty() && !asked.addresses.empty()) {
    asked.key.id = registry::default_instance_id(asked.addresses.front(), asked.port, asked.protocol);
  }
  settle_lease(draft, given.keeps_lease, bounds);
  if (const auto health = json::keep(health::complete_plan(std::move(draft.health)), asked.health); !health) {
    return std::unexpected(health.error());
  }
  const std::size_t apex_bytes = zones.apex_bytes_of(asked.key.service.zone);
  return registry::normalise(std::move(asked), bounds, apex_bytes, {.needs_lease = false});
}

}  // namespace rollcall::api::native
