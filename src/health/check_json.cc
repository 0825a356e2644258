#include "health/check_json.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <utility>

#include "base/duration.h"
#include "base/ip_address.h"
#include "dns/name.h"
#include "dns/types.h"
#include "health/json_values.h"
#include "health/named_check_json.h"

namespace rollcall::health {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr std::array<std::pair<std::string_view, dns::Type>, 12> k_qtypes{{{"A", dns::Type::a},
                                                                           {"AAAA", dns::Type::aaaa},
                                                                           {"SRV", dns::Type::srv},
                                                                           {"TXT", dns::Type::txt},
                                                                           {"SOA", dns::Type::soa},
                                                                           {"NS", dns::Type::ns},
                                                                           {"MX", dns::Type::mx},
                                                                           {"CNAME", dns::Type::cname},
                                                                           {"PTR", dns::Type::ptr},
                                                                           {"HTTPS", dns::Type::https},
                                                                           {"SVCB", dns::Type::svcb},
                                                                           {"DNSKEY", dns::Type::dnskey}}};

std::optional<std::uint16_t> find_qtype(std::string_view text) {
  for (const auto& [name, type] : k_qtypes) {
    if (name == text) return static_cast<std::uint16_t>(type);
  }
  if (!text.starts_with("TYPE")) return std::nullopt;
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data() + 4, text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

Result<std::string> parse_path(const json::value& value, std::string_view field) {
  Result<std::string> text = parse_visible(value, field);
  if (text && !text->starts_with('/')) return invalid(fmt::format("{} must begin with '/'", field), field);
  return text;
}

Result<std::string> parse_address(const json::value& value, std::string_view field) {
  Result<std::string> text = parse_text(value, field, limits::k_name_bytes_max);
  if (text && !is_host(*text)) return invalid(fmt::format("{} must be an IP address or a host name", field), field);
  return text;
}

Result<std::int64_t> parse_integer(const json::value& value, std::string_view field, std::int64_t min,
                                   std::int64_t max) {
  const std::optional<std::int64_t> number = find_integer(value);
  if (number && *number >= min && *number <= max) return *number;
  return invalid(fmt::format("{} must be an integer from {} to {}", field, min, max), field);
}

Result<milliseconds> parse_time(const json::value& value, std::string_view field, milliseconds min, milliseconds max) {
  std::optional<milliseconds> time;
  if (const std::optional<std::int64_t> seconds = find_integer(value); seconds && *seconds >= 0 && *seconds <= 86'400) {
    time = std::chrono::seconds(*seconds);
  } else if (const json::string* text = value.if_string()) {
    time = parse_duration({text->data(), text->size()});
  }
  if (time && *time >= min && *time <= max) return *time;
  return invalid(fmt::format("{} must be a duration from {} to {}, as \"10s\" or an integer of seconds", field,
                             format_duration(min), format_duration(max)),
                 field);
}

// 204, "2xx", "200-299".
std::optional<StatusRange> find_status(const json::value& value) {
  const auto legal = [](std::uint16_t status) { return status >= 100 && status <= 599; };
  if (const std::optional<std::int64_t> number = find_integer(value)) {
    if (*number < 100 || *number > 599) return std::nullopt;
    return StatusRange{static_cast<std::uint16_t>(*number), static_cast<std::uint16_t>(*number)};
  }
  const json::string* text = value.if_string();
  if (text == nullptr) return std::nullopt;
  const std::string_view words(text->data(), text->size());
  if (words.size() == 3 && words.ends_with("xx") && words[0] >= '1' && words[0] <= '5') {
    const auto first = static_cast<std::uint16_t>((words[0] - '0') * 100);
    return StatusRange{first, static_cast<std::uint16_t>(first + 99)};
  }
  StatusRange range;
  const char* const end = words.data() + words.size();
  const auto [dash, first_error] = std::from_chars(words.data(), end, range.first);
  if (first_error != std::errc{}) return std::nullopt;
  range.last = range.first;
  if (dash != end) {
    if (*dash != '-') return std::nullopt;
    const auto [rest, last_error] = std::from_chars(dash + 1, end, range.last);
    if (last_error != std::errc{} || rest != end) return std::nullopt;
  }
  if (!legal(range.first) || !legal(range.last) || range.first > range.last) return std::nullopt;
  return range;
}

Result<std::vector<StatusRange>> parse_statuses(const json::value& value, std::string_view field) {
  const auto refuse = [&] {
    return invalid(fmt::format("{} must be a status as 204, \"2xx\" or \"200-299\", or a list of at most {} of them",
                               field, limits::k_check_expect_status_max),
                   field);
  };
  std::vector<StatusRange> ranges;
  const auto add = [&](const json::value& element) {
    const std::optional<StatusRange> range = find_status(element);
    if (range) ranges.push_back(*range);
    return range.has_value();
  };
  const json::array* list = value.if_array();
  if (list == nullptr) {
    if (!add(value)) return refuse();
    return ranges;
  }
  if (list->empty() || list->size() > limits::k_check_expect_status_max) return refuse();
  if (!std::ranges::all_of(*list, add)) return refuse();
  return ranges;
}

template <class T, class Place>
Result<void> keep(Result<T> value, Place& place) {
  if (!value) return std::unexpected(std::move(value.error()));
  place = static_cast<Place>(std::move(*value));
  return {};
}

Result<void> read_type(const json::value& value, std::string_view field, Check& check, CheckRole role) {
  const json::string* text = value.if_string();
  for (const CheckType type : {CheckType::tcp, CheckType::http, CheckType::dns, CheckType::grpc, CheckType::h2ping,
                               CheckType::udp, CheckType::alias, CheckType::alias_node, CheckType::ttl}) {
    if (role != CheckRole::stored && type == CheckType::udp) break;
    if (text != nullptr && std::string_view(text->data(), text->size()) == to_text(type)) {
      check.type = type;
      return {};
    }
  }
  return invalid(fmt::format("{} must be \"tcp\", \"http\", \"dns\", \"grpc\" or \"h2ping\"", field), field);
}
// It was read before the others.
Result<void> read_type_again(const json::value&, std::string_view, Check&) { return {}; }
Result<void> read_interval(const json::value& value, std::string_view field, Check& check) {
  const bool calls_in = check.type == CheckType::ttl;
  return keep(parse_time(value, field, calls_in ? milliseconds(1) : limits::k_check_interval_min,
                         calls_in ? limits::k_door_lease_max : limits::k_check_interval_max),
              check.interval);
}
Result<void> read_timeout(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_time(value, field, limits::k_check_timeout_min, limits::k_check_interval_max), check.timeout);
}
Result<void> read_rise(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_streak(value, field), check.rise);
}
Result<void> read_fall(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_streak(value, field), check.fall);
}
Result<void> read_port(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_integer(value, field, 1, 65535), check.port);
}
Result<void> read_address(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_address(value, field), check.address);
}
Result<void> read_path(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_path(value, field), check.path);
}
Result<void> read_host(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_visible(value, field), check.host);
}
Result<void> read_method(const json::value& value, std::string_view field, Check&) {
  if (value.is_string() && value.get_string() == "GET") return {};
  return invalid(fmt::format("{} must be \"GET\", or be left out", field), field);
}
Result<void> read_status(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_statuses(value, field), check.expect_status);
}
Result<void> read_body(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_text(value, field, limits::k_check_expect_body_max), check.expect_body);
}
Result<void> read_name(const json::value& value, std::string_view field, Check& check) {
  const Result<void> kept = keep(parse_text(value, field, limits::k_check_text_max), check.name);
  if (kept && !dns::Name::parse(check.name)) return invalid(fmt::format("{} must be a DNS name", field), field);
  return kept;
}
Result<void> read_qtype(const json::value& value, std::string_view field, Check& check) {
  const json::string* text = value.if_string();
  const auto type = text == nullptr ? std::nullopt : find_qtype({text->data(), text->size()});
  if (!type) return invalid(fmt::format("{} must be a type of DNS records, as \"A\" or \"TYPE65280\"", field), field);
  check.qtype = *type;
  return {};
}

// Which checks have the field: bits of CheckType, and whether probes do.
struct Field {
  std::string_view name;
  unsigned types;
  bool in_probe;
  Result<void> (*read)(const json::value&, std::string_view, Check&);
  bool is_stored_only = false;  // the native API does not take it
};
constexpr unsigned k_http = 1U << static_cast<unsigned>(CheckType::http);
constexpr unsigned k_dns = 1U << static_cast<unsigned>(CheckType::dns);
constexpr unsigned k_grpc = 1U << static_cast<unsigned>(CheckType::grpc);
constexpr unsigned k_http2 = k_grpc | (1U << static_cast<unsigned>(CheckType::h2ping));
constexpr unsigned k_old_tls = k_http | (1U << static_cast<unsigned>(CheckType::tcp));
constexpr unsigned k_all = ~0U;
constexpr Field k_fields[] = {
    {"type", k_all, true, &read_type_again},
    {"interval", k_all, false, &read_interval},
    {"timeout", k_all, true, &read_timeout},
    {"rise", k_all, false, &read_rise},
    {"fall", k_all, false, &read_fall},
    {"port", k_all, true, &read_port},
    {"address", k_all, true, &read_address},
    {"path", k_http, true, &read_path},
    {"host", k_http, true, &read_host},
    {"method", k_http, true, &read_method},
    {"expect_status", k_http, true, &read_status},
    {"expect_body", k_http, true, &read_body},
    {"name", k_dns, true, &read_name},
    {"qtype", k_dns, true, &read_qtype},
    {"id", k_all, false, &named::read_id, true},
    {"pass_after", k_all, false, &named::read_pass_after, true},
    {"warn_after", k_all, false, &named::read_warn_after, true},
    {"critical_after", k_all, false, &named::read_critical_after, true},
    {"verb", k_http, false, &named::read_verb, true},
    {"body", k_http, false, &named::read_sent_body, true},
    {"header", k_http, false, &named::read_header, true},
    {"service", k_grpc, true, &named::read_target},
    {"tls", k_http2, true, &named::read_tls},
    {"tls_skip_verify", k_http2, true, &named::read_skips},
    {"tls_name", k_http2, true, &named::read_tls_name},
    {"tls", k_old_tls, false, &named::read_tls, true},
    {"tls_skip_verify", k_old_tls, false, &named::read_skips, true},
    {"tls_name", k_old_tls, false, &named::read_tls_name, true},
    {"target", k_all, false, &named::read_target, true},
};

bool has(const Field& field, CheckType type, CheckRole role) {
  if (field.is_stored_only && role != CheckRole::stored) return false;
  return ((field.types >> static_cast<unsigned>(type)) & 1U) != 0 && (role != CheckRole::probe || field.in_probe);
}

std::unexpected<Error> unknown(std::string_view name, CheckType type, CheckRole role, std::string_view path) {
  std::string known;
  for (const Field& field : k_fields) {
    if (has(field, type, role)) known.append(known.empty() ? "" : ", ").append(field.name);
  }
  const std::string_view shown = name.substr(0, limits::k_meta_key_max);
  return invalid(fmt::format("unknown field \"{}\"; {} of the type {} has {}", shown, path, to_text(type), known),
                 fmt::format("{}.{}", path, shown));
}

Result<Check> parse_object(const json::value& value, std::string_view path, CheckRole role) {
  const json::object* members = value.if_object();
  if (members == nullptr) return invalid(fmt::format("{} must be an object with a type", path), path);
  Check check;
  const json::value* type = members->if_contains("type");
  const std::string type_field = fmt::format("{}.type", path);
  if (type == nullptr || type->is_null())
    return invalid(fmt::format("{} is required: \"tcp\", \"http\", \"dns\", \"grpc\" or \"h2ping\"", type_field),
                   type_field);
  if (const Result<void> read = read_type(*type, type_field, check, role); !read) return std::unexpected(read.error());
  for (const auto& [key, member] : *members) {
    const std::string_view name(key.data(), key.size());
    const auto field = std::ranges::find_if(
        k_fields, [&](const Field& each) { return each.name == name && has(each, check.type, role); });
    if (field == std::end(k_fields)) return unknown(name, check.type, role, path);
    if (member.is_null()) continue;  // as if left out
    const Result<void> read = field->read(member, fmt::format("{}.{}", path, name), check);
    if (!read) return std::unexpected(read.error());
  }
  if (check.type == CheckType::dns && check.name.empty()) {
    return invalid(fmt::format("{}.name is required: what to ask for", path), fmt::format("{}.name", path));
  }
  if (role != CheckRole::probe && check.id.empty() && check.timeout > check.interval) {
    if (const json::value* timeout = members->if_contains("timeout"); timeout != nullptr && !timeout->is_null()) {
      return invalid(fmt::format("{}.timeout must be at most the interval, {}", path, format_duration(check.interval)),
                     fmt::format("{}.timeout", path));
    }
    check.timeout = check.interval;
  }
  if (check.type == CheckType::http) {
    if (check.path.empty()) check.path = "/";
    if (check.expect_status.empty()) check.expect_status.emplace_back();
  }
  return check;
}

std::string range_text(const StatusRange& range) {
  if (range.first == range.last) return std::to_string(range.first);
  return fmt::format("\"{}-{}\"", range.first, range.last);
}

}  // namespace

Result<std::uint16_t> parse_streak(const json::value& value, std::string_view field) {
  const Result<std::int64_t> number = parse_integer(value, field, 1, limits::k_check_streak_max);
  if (!number) return std::unexpected(number.error());
  return static_cast<std::uint16_t>(*number);
}

std::vector<std::string_view> check_fields(CheckType type, CheckRole role) {
  std::vector<std::string_view> names;
  for (const Field& field : k_fields) {
    if (has(field, type, role)) names.push_back(field.name);
  }
  return names;
}

Result<Check> parse_check(const json::value& value, std::string_view path, CheckRole role) {
  return parse_object(value, path, role);
}

Result<Check> parse_probe(const json::value& value) {
  const json::string* text = value.if_string();
  if (text == nullptr) return parse_object(value, "probe", CheckRole::probe);
  json::object shorthand;
  constexpr std::string_view k_http_mark = "http:";
  if (const std::string_view words(text->data(), text->size()); words.starts_with(k_http_mark)) {
    shorthand["type"] = "http";
    shorthand["path"] = json::string_view(words.data() + k_http_mark.size(), words.size() - k_http_mark.size());
  } else if (words == "tcp") {
    shorthand["type"] = "tcp";
  } else {
    return invalid("probe must be \"tcp\", \"http:/path\" or an object with a type", "probe");
  }
  return parse_object(shorthand, "probe", CheckRole::probe);
}

std::string write_check(const Check& check, CheckRole role) {
  std::string out = fmt::format(R"({{"type":"{}")", to_text(check.type));
  const auto put_text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format(R"(,"{}":{})", name, json::serialize(json::string(value)));
  };
  if (role != CheckRole::probe) out += fmt::format(R"(,"interval":"{}")", format_duration(check.interval));
  out += fmt::format(R"(,"timeout":"{}")", format_duration(check.timeout));
  if (role != CheckRole::probe) out += fmt::format(R"(,"rise":{},"fall":{})", check.rise, check.fall);
  put_text("address", check.address);
  if (check.port != 0) out += fmt::format(R"(,"port":{})", check.port);
  put_text("path", check.path);
  put_text("host", check.host);
  for (std::size_t i = 0; i < check.expect_status.size(); ++i) {
    out += i == 0 ? R"(,"expect_status":[)" : ",";
    out += range_text(check.expect_status[i]);
  }
  if (!check.expect_status.empty()) out += ']';
  put_text("expect_body", check.expect_body);
  if (check.type == CheckType::dns) {
    put_text("name", check.name);
    put_text("qtype", qtype_text(check.qtype));
  }
  if (!check.id.empty()) {
    named::put(check, out);
  } else if (check.type == CheckType::grpc || check.type == CheckType::h2ping) {
    put_text("service", check.target);
    named::put_tls(check, out);
  }
  return out + '}';
}

std::string qtype_text(std::uint16_t qtype) {
  for (const auto& [name, type] : k_qtypes) {
    if (static_cast<std::uint16_t>(type) == qtype) return std::string(name);
  }
  return fmt::format("TYPE{}", qtype);
}

std::string_view to_text(CheckType type) {
  switch (type) {
    case CheckType::tcp: return "tcp";
    case CheckType::http: return "http";
    case CheckType::dns: return "dns";
    case CheckType::udp: return "udp";
    case CheckType::alias: return "alias";
    case CheckType::grpc: return "grpc";
    case CheckType::h2ping: return "h2ping";
    case CheckType::alias_node: return "alias_node";
    case CheckType::ttl: return "ttl";
  }
  return "tcp";
}

}  // namespace rollcall::health
