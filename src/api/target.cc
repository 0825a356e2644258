#include "api/target.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/parse_query.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <fmt/format.h>
#include <vector>

#include "base/duration.h"
#include "registry/registration.h"

namespace rollcall::api {
namespace {

namespace urls = boost::urls;
using registry::Status;

constexpr std::size_t k_quoted_bytes_max = 64;  // of what a client sent, in a sentence about it

void split(Target& target) {
  std::string_view rest = target.path;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the slash
    const std::size_t length = std::min(rest.find('/'), rest.size());
    if (target.segment_count == k_path_segments_max) {
      ++target.segment_count;
      return;
    }
    target.segments[target.segment_count++] = rest.substr(0, length);
    rest.remove_prefix(length);
  }
}

// What most targets are: nothing in them needs a parser of URLs.
bool is_plain_path(std::string_view text) {
  if (!text.starts_with('/') || text.starts_with("//")) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '/' || c == '-' ||
           c == '.' || c == '_' || c == '~';
  });
}

Result<Status> parse_status(std::string_view text) {
  for (const Status status : {Status::ready, Status::draining, Status::critical}) {
    if (text == registry::to_text(status)) return status;
  }
  return failure(Errc::invalid, "status must be ready, draining or critical", "status");
}

template <class T>
Result<void> set_once(std::optional<T>& place, Result<T> value, std::string_view name) {
  if (!value) return std::unexpected(std::move(value.error()));
  if (place) return failure(Errc::invalid, fmt::format("the parameter {} is given twice", name), std::string(name));
  place = std::move(*value);
  return {};
}

template <class Number>
Result<Number> parse_number(std::string_view text, std::string_view name, Number min, Number max) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < min || number > max) {
    return failure(Errc::invalid, fmt::format("{} must be an integer from {} to {}", name, min, max),
                   std::string(name));
  }
  return number;
}

// "10s", or an integer of seconds. A longer wait than the longest is the longest: the client asks again.
Result<std::chrono::milliseconds> parse_wait(std::string_view text) {
  const bool is_number = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  const auto wait = parse_duration(is_number ? std::string(text) + "s" : std::string(text));
  if (!wait) return failure(Errc::invalid, "wait must be a duration like \"10s\" or \"1m30s\"", "wait");
  return std::min<std::chrono::milliseconds>(*wait, limits::k_wait_max);
}

Result<std::string> parse_name(std::string_view text, std::string_view field) {
  if (text.empty()) return failure(Errc::invalid, fmt::format("{} must not be empty", field), std::string(field));
  return std::string(text);
}

// One line for each parameter there is.
struct Parameter {
  Takes takes;
  std::string_view name;
  Result<void> (*read)(std::string_view value, Parameters& into);
};

constexpr Parameter k_parameters[] = {
    {Takes::tag, "tag",
     [](std::string_view value, Parameters& into) {
       return set_once(into.tag, registry::parse_label(value, "tag"), "tag");
     }},
    {Takes::status, "status",
     [](std::string_view value, Parameters& into) { return set_once(into.status, parse_status(value), "status"); }},
    {Takes::index, "index",
     [](std::string_view value, Parameters& into) {
       return set_once(into.index, parse_number<registry::ChangeIndex>(value, "index", 0, limits::k_index_max),
                       "index");
     }},
    {Takes::wait, "wait",
     [](std::string_view value, Parameters& into) { return set_once(into.wait, parse_wait(value), "wait"); }},
    {Takes::service, "service",
     [](std::string_view value, Parameters& into) {
       return set_once(into.service, registry::parse_label(value, "service"), "service");
     }},
    {Takes::id, "id",
     [](std::string_view value, Parameters& into) {
       return set_once(into.id, registry::parse_instance_id(value, "id"), "id");
     }},
    {Takes::limit, "limit",
     [](std::string_view value, Parameters& into) {
       return set_once(into.limit, parse_number<std::uint32_t>(value, "limit", 1, limits::k_events_limit_max), "limit");
     }},
    {Takes::name, "name",
     [](std::string_view value, Parameters& into) { return set_once(into.name, parse_name(value, "name"), "name"); }},
    {Takes::type, "type",
     [](std::string_view value, Parameters& into) { return set_once(into.type, parse_name(value, "type"), "type"); }},
    {Takes::last_event_id, "last_event_id",
     [](std::string_view value, Parameters& into) {
       return set_once(into.last_event_id, parse_event_id(value, "last_event_id"), "last_event_id");
     }},
};

// "zone, tag and status"
std::string list_of(Takes takes) {
  std::vector<std::string_view> names{"zone"};
  for (const Parameter& parameter : k_parameters) {
    if (has(takes, parameter.takes)) names.push_back(parameter.name);
  }
  std::string text(names.front());
  for (std::size_t i = 1; i < names.size(); ++i) text.append(i + 1 < names.size() ? ", " : " and ").append(names[i]);
  return text;
}

Result<void> read_parameter(std::string_view name, std::string_view value, Takes takes,
                            const registry::ZoneDirectory& zones, Parameters& into) {
  if (name == "zone") return set_once(into.zone, parse_zone(value, "zone", zones), name);
  for (const Parameter& parameter : k_parameters) {
    if (parameter.name == name && has(takes, parameter.takes)) return parameter.read(value, into);
  }
  const std::string shown(name.substr(0, k_quoted_bytes_max));
  return failure(Errc::invalid, fmt::format("unknown parameter \"{}\"; this call takes {}", shown, list_of(takes)),
                 shown);
}

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
  if (is_plain_path(text)) {
    Target plain{text, {}, {}, 0};
    split(plain);
    return plain;
  }
  // A client behind a proxy setting may send the absolute form; a server must take it (RFC 9112 §3.2.2).
  const auto parsed = text.starts_with('/') ? urls::parse_origin_form(text) : urls::parse_absolute_uri(text);
  if (!parsed) return std::nullopt;
  const urls::pct_string_view path = parsed->encoded_path();
  const urls::pct_string_view query = parsed->encoded_query();
  Target target{{path.data(), path.size()}, {query.data(), query.size()}, {}, 0};
  if (!target.path.empty() && !target.path.starts_with('/')) return std::nullopt;  // "mailto:web"
  split(target);
  return target;
}

std::string_view decode(std::string_view encoded, std::string& room) {
  if (encoded.find('%') == std::string_view::npos) return encoded;
  const auto checked = urls::make_pct_string_view(encoded);
  if (!checked) return encoded;  // cannot be: the target was parsed as a URL
  room = checked->decode();
  return room;
}

Result<registry::EventId> parse_event_id(std::string_view text, std::string_view field) {
  return parse_number<registry::EventId>(text, field, 0, limits::k_index_max);
}

Result<registry::ZoneId> parse_zone(std::string_view text, std::string_view field,
                                    const registry::ZoneDirectory& zones) {
  if (const std::optional<registry::ZoneId> zone = zones.find(text)) return *zone;
  return failure(Errc::unknown_zone,
                 fmt::format("no zone \"{}\" is served here; leave {} out for the first zone",
                             text.substr(0, limits::k_name_bytes_max), field),
                 std::string(field));
}

Result<Parameters> parse_parameters(std::string_view query, Takes takes, const registry::ZoneDirectory& zones) {
  Parameters parameters;
  if (query.empty()) return parameters;
  // Boost.URL 1.81 reads what it has parsed up to a NUL: the query gets one of its own.
  const std::string terminated(query);
  const auto parsed = urls::parse_query(terminated);
  if (!parsed) return failure(Errc::invalid, "the query is no list of name=value");
  std::string name_room;
  std::string value_room;
  for (const auto& parameter : *parsed) {
    if (parameter.key.empty() && parameter.value.empty()) continue;  // "?zone=a&"
    const std::string_view name = decode({parameter.key.data(), parameter.key.size()}, name_room);
    const std::string_view value = decode({parameter.value.data(), parameter.value.size()}, value_room);
    if (const auto read = read_parameter(name, value, takes, zones, parameters); !read) {
      return std::unexpected(read.error());
    }
  }
  return parameters;
}

}  // namespace rollcall::api
