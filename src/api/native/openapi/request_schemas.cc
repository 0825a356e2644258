#include <boost/json/array.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "api/native/fields.h"
#include "api/native/openapi/schema.h"
#include "api/native/openapi/schemas.h"
#include "api/native/parameters.h"
#include "base/check.h"
#include "base/limits.h"
#include "health/check_json.h"
#include "health/plan_json.h"

namespace rollcall::api::native::openapi {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

// registry::parse_label: letters of either case are the same.
constexpr std::string_view k_label = "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$";
// registry::parse_instance_id: no control character, no space (U+0020, U+00A0), no '/'.
constexpr std::string_view k_id = "^[!-.0-~\u00a1-\U0010ffff]{1,128}$";
// health::is_host, where it is no address.
constexpr std::string_view k_host_name = "^[A-Za-z0-9_-]{1,63}([.][A-Za-z0-9_-]{1,63}){0,7}[.]?$";
constexpr std::string_view k_type_number =
    "^TYPE([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$";
static_assert(limits::k_label_bytes_max == 63 && limits::k_id_characters_max == 128, "the patterns say the same");

Schema u16(std::int64_t min) { return integer(min, 65'535); }
Schema ip_address() {
  return any_of({{{"type", "string"}, {"format", "ipv4"}}, {{"type", "string"}, {"format", "ipv6"}}});
}
Schema streak() { return integer(1, limits::k_check_streak_max); }

// RFC 6763 §6.4: what a TXT record's `key=value` can carry.
Schema meta_of(Schema value) {
  return {{"type", "object"},
          {"propertyNames", {{"pattern", "^[ -<>-~]{1,64}$"}}},
          {"additionalProperties", std::move(value)}};
}

// The schema of a field of a health check; those of json::k_fields in health/check_json.cc.
Schema check_field(std::string_view name, health::CheckType type) {
  if (name == "type") return constant(health::to_text(type));
  if (name == "interval") return or_null(duration(limits::k_check_interval_min, limits::k_check_interval_max));
  if (name == "timeout") return or_null(duration(limits::k_check_timeout_min, limits::k_check_interval_max));
  if (name == "rise" || name == "fall") return or_null(streak());
  if (name == "port") return or_null(u16(1));
  if (name == "address") return or_null(any_of({ip_address(), pattern(k_host_name)}));
  if (name == "path") return or_null(pattern("^/[!-~]{0,1023}$"));
  if (name == "host") return or_null(pattern("^[!-~]{0,1024}$"));
  if (name == "method") return or_null(constant("GET"));
  if (name == "expect_status") {
    const Schema one = any_of({integer(100, 599), pattern("^([1-5]xx|[1-5][0-9][0-9](-[1-5][0-9][0-9])?)$")});
    return or_null(any_of({one, list(one, limits::k_check_expect_status_max, 1)}));
  }
  if (name == "expect_body") return or_null(text(0, limits::k_check_expect_body_max));
  if (name == "name") return text(1, limits::k_check_text_max);
  if (name == "qtype") {
    return or_null(
        any_of({one_text_of({"A", "AAAA", "SRV", "TXT", "SOA", "NS", "MX", "CNAME", "PTR", "HTTPS", "SVCB", "DNSKEY"}),
                pattern(k_type_number)}));
  }
  if (name == "service") return or_null(text(0, limits::k_door_id_bytes_max));
  if (name == "tls" || name == "tls_skip_verify") return or_null(truth());
  if (name == "tls_name") return or_null(pattern("^[!-~]{0,1024}$"));
  check(false, "every field of a check has a schema");
  return {};
}

Schema check_of(health::CheckType type, health::CheckRole role) {
  std::vector<Member> members;
  for (const std::string_view name : health::check_fields(type, role)) {
    const bool is_required = name == "type" || (name == "name" && type == health::CheckType::dns);
    members.push_back({name, check_field(name, type), is_required});
  }
  return closed_object(std::move(members));
}

Schema any_check(health::CheckRole role) {
  return any_of({check_of(health::CheckType::tcp, role), check_of(health::CheckType::http, role),
                 check_of(health::CheckType::dns, role), check_of(health::CheckType::grpc, role),
                 check_of(health::CheckType::h2ping, role)});
}

Schema plan_field(std::string_view name) {
  if (name == "checks") return list(named("Check"), limits::k_checks_max);
  if (name == "probe")
    return any_of({constant("tcp"), pattern("^http:/[!-~]{0,1023}$"), any_check(health::CheckRole::probe)});
  if (name == "initial") return one_text_of({"ready", "critical"});
  if (name == "rise" || name == "fall") return streak();
  if (name == "evict_on_refusal" || name == "renew_on_probe") return truth();
  check(false, "every field of a health plan has a schema");
  return {};
}

// "Where `field` has this value, `other` is there": as health::complete_plan asks for.
Schema needs(std::string_view field, Schema where, std::string_view other, Schema there) {
  const json::array has_field{view(field)};
  const json::array has_other{view(other)};
  return {{"if", {{"required", has_field}, {"properties", {{view(field), std::move(where)}}}}},
          {"then", {{"required", has_other}, {"properties", {{view(other), std::move(there)}}}}}};
}

Schema registration(bool is_in_path) {
  std::vector<Member> members;
  for (const FieldText& field : registration_fields()) {
    const bool is_required = field.name == "port" || (field.name == "service" && !is_in_path);
    Schema schema = named(field.schema);
    if (!is_required) schema = or_null(std::move(schema));
    members.push_back({field.name, with_text(std::move(schema), field.text), is_required});
  }
  for (const std::string_view name : health::k_plan_fields)
    members.push_back(optional(name, or_null(plan_field(name))));
  Schema schema = closed_object(std::move(members));
  const auto has = [](std::string_view name, std::string_view type) {
    return Schema{{"required", json::array{view(name)}}, {"properties", {{view(name), {{"type", view(type)}}}}}};
  };
  const Schema some_checks{{"type", "array"}, {"minItems", 1}};
  const Schema some_probe{{"not", {{"type", "null"}}}};
  schema["anyOf"] = json::array{has("address", "string"), has("addresses", "array")};
  schema["allOf"] = json::array{needs("rise", {{"type", "integer"}}, "checks", some_checks),
                                needs("fall", {{"type", "integer"}}, "checks", some_checks),
                                needs("initial", constant("critical"), "checks", some_checks),
                                needs("evict_on_refusal", {{"const", true}}, "probe", some_probe),
                                needs("renew_on_probe", {{"const", true}}, "probe", some_probe)};
  return schema;
}

}  // namespace

void put_values(json::object& into) {
  into["Label"] =
      with_text(pattern(k_label), "A DNS label: letters, digits and inner hyphens. Case makes no difference.");
  into["InstanceId"] = with_text(pattern(k_id), "1 to 128 printable characters without space and '/'.");
  into["ZoneName"] =
      with_text(text(1, limits::k_name_bytes_max), "A zone of this server; one that it does not serve is a 404.");
  into["Status"] = one_text_of({"ready", "draining", "critical"});
  into["Protocol"] = one_text_of({"tcp", "udp"});
  into["Address"] = with_text(ip_address(), "Not 0.0.0.0, not ::, no multicast.");
  into["Addresses"] = list(named("Address"), limits::k_addresses_max, 1);
  into["Port"] = u16(1);
  into["Number16"] = u16(0);
  into["Tags"] = list(named("Label"), limits::k_tags_max);
  into["Meta"] =
      with_text(meta_of(text(0, limits::k_txt_string_bytes_max - 2)),
                "Keys of printable ASCII without '=', no two equal but for case; `key=value` at most 255 octets, "
                "1,300 octets of keys and values in all.");
  into["Ttl"] =
      with_text(any_of({duration(limits::k_lease_min, limits::k_lease_max), constant("none")}),
                "Seconds, or a duration like \"1m30s\", from `[lease] min` to `max`. \"none\": no lease; it takes the "
                "right for that.");
  into["Duration"] = pattern(duration_pattern());
  into["Wait"] = with_text(pattern(std::string("^[0-9]{1,7}$|").append(duration_pattern())),
                           "A duration like \"10s\", or seconds. At most ten minutes; a longer one is cut.");
  into["Flag"] = with_text(one_text_of({"", "true", "false"}), "Without a value it is true.");
  into["Index"] = integer(0, limits::k_index_max);
  into["Limit"] = integer(1, limits::k_events_limit_max);
  into["Text"] = text();
  into["Cursor"] = with_text(text(1), "The next_cursor of the page before, asked for with the same sort.");
  into["DnsName"] =
      with_text(text(1), "A domain name. Without a final dot, and in no zone of this server: below the zone.");
  into["DnsType"] = with_text(pattern("^[A-Za-z0-9-]{1,16}$"), "A record type, as A, SRV or TYPE65280; or ANY.");
  json::array sorts;
  for (const std::string_view sort : k_sorts) {
    sorts.emplace_back(view(sort));
    sorts.emplace_back(std::string("-").append(sort));
  }
  into["Sort"] = Schema{{"type", "string"}, {"enum", std::move(sorts)}};
  into["MetaPairs"] = Schema{{"type", "object"},
                             {"patternProperties", {{"^meta[.].+$", {{"type", "string"}}}}},
                             {"additionalProperties", false}};
}

void put_requests(json::object& into) {
  into["Registration"] = registration(false);
  into["Registration"].get_object()["examples"] =
      json::array{{{"service", "web"}, {"id", "web-1"}, {"address", "192.0.2.10"}, {"port", 8080}, {"ttl", "15s"}}};
  into["RegistrationInPath"] = registration(true);
  into["RegistrationInPath"].get_object()["examples"] = json::array{{{"address", "192.0.2.10"}, {"port", 8080}}};
  into["Check"] = any_check(health::CheckRole::check);
  into["Nothing"] = with_text(Schema{{"type", "object"}}, "Not looked at.");
  into["Patch"] =
      closed_object({optional("weight", or_null(named("Number16"))), optional("priority", or_null(named("Number16"))),
                     optional("tags", or_null(named("Tags"))),
                     optional("meta", or_null(meta_of(or_null(text(0, limits::k_txt_string_bytes_max - 2)))))});
  into["Heartbeats"] =
      closed_object({{"instances", list(closed_object({{"service", named("Label")},
                                                       {"id", named("InstanceId")},
                                                       optional("zone", or_null(named("ZoneName")))}))}});
}

}  // namespace rollcall::api::native::openapi
