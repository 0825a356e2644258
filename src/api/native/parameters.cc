#include "api/native/parameters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <utility>

#include "base/ascii_case.h"
#include "base/check.h"
#include "base/duration.h"
#include "base/limits.h"
#include "registry/instance/registration.h"

namespace rollcall::api::native {
namespace {

using registry::Status;

constexpr ParameterSet bit(Takes takes) { return static_cast<ParameterSet>(takes); }

Result<Status> parse_status(std::string_view text) {
  for (const Status status : {Status::ready, Status::draining, Status::critical}) {
    if (text == registry::to_text(status)) return status;
  }
  return failure(Errc::invalid, "status must be ready, draining or critical", "status");
}

template <class T>
Result<void> store(std::optional<T>& place, Result<T> value) {
  if (!value) return std::unexpected(std::move(value.error()));
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

// A parameter that says all by being there.
Result<bool> parse_flag(std::string_view text, std::string_view name) {
  if (text.empty() || text == "true") return true;
  if (text == "false") return false;
  return failure(Errc::invalid, fmt::format("{} takes no value, or true or false", name), std::string(name));
}

// "weight", or "-weight" for the highest first.
Result<std::string> parse_sort(std::string_view text) {
  const std::string_view field = text.starts_with('-') ? text.substr(1) : text;
  if (std::ranges::find(k_sorts, field) != std::end(k_sorts)) return std::string(text);
  return failure(
      Errc::invalid,
      fmt::format("sort must be one of {}, with a '-' before it for the last first", fmt::join(k_sorts, ", ")), "sort");
}

constexpr std::string_view k_meta = "meta.KEY";
constexpr std::size_t k_meta_prefix_bytes = 5;  // "meta."

// A line for each parameter there is.
struct Line {
  Parameter known;
  ParameterText says;
  Result<void> (*read)(std::string_view value, const registry::ZoneDirectory& zones, Parameters& into);
};

constexpr Line k_lines[] = {
    {{bit(Takes::nothing), "zone"},  // every call takes it
     {"ZoneName", "The zone that is meant; where it is left out the first, for lists of instances and events all."},
     [](std::string_view value, const registry::ZoneDirectory& zones, Parameters& into) {
       return store(into.zone, parse_zone(value, "zone", zones));
     }},
    {{bit(Takes::tag), "tag"},
     {"Label", "Only instances with this tag."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.tag, registry::parse_label(value, "tag"));
     }},
    {{bit(Takes::status), "status"},
     {"Status", "Only instances in this state."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.status, parse_status(value));
     }},
    {{bit(Takes::index), "index"},
     {"Index", "With `wait`: answered when the service is at another index than this."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.index, parse_number<registry::ChangeIndex>(value, "index", 0, limits::k_index_max));
     }},
    {{bit(Takes::wait), "wait"},
     {"Wait", "How long to wait at most."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.wait, parse_wait(value));
     }},
    {{bit(Takes::service), "service"},
     {"Label", "Only of this service."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.service, registry::parse_label(value, "service"));
     }},
    {{bit(Takes::id), "id"},
     {"InstanceId", "Only of the instance with this id."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.id, registry::parse_instance_id(value, "id"));
     }},
    {{bit(Takes::limit), "limit"},
     {"Limit", "How many at most; 100 where it is left out."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.limit, parse_number<std::uint32_t>(value, "limit", 1, limits::k_events_limit_max));
     }},
    {{bit(Takes::name), "name"},
     {"DnsName", "The name that the DNS is asked for; required."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.name, parse_name(value, "name"));
     }},
    {{bit(Takes::type), "type"},
     {"DnsType", "The type of records; A where it is left out."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.type, parse_name(value, "type"));
     }},
    {{bit(Takes::last_event_id), "last_event_id"},
     {"EventId", "First the events after this one; the header Last-Event-ID is looked at before."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       into.last_event_id = std::string(value);  // the call knows what numbers are
       return Result<void>();
     }},
    {{bit(Takes::at_least), "at_least"},
     {"Index", "In a cluster: answered when this node shows that index."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.at_least, parse_number<registry::ChangeIndex>(value, "at_least", 0, limits::k_index_max));
     }},
    {{bit(Takes::consistent), "consistent"},
     {"Flag", "In a cluster: answered when this node shows all that was acknowledged before."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.consistent, parse_flag(value, "consistent"));
     }},
    {{bit(Takes::everywhere), "everywhere"},
     {"Flag", "In a cluster: answered when all nodes show the change."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.everywhere, parse_flag(value, "everywhere"));
     }},
    {{bit(Takes::cursor), "cursor"},
     {"Cursor", "The page that begins there."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.cursor, parse_name(value, "cursor"));
     }},
    {{bit(Takes::sort), "sort"},
     {"Sort", "The order; with a `-` before it the last first."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       return store(into.sort, parse_sort(value));
     }},
    {{bit(Takes::text), "text"},
     {"Text", "Only instances that have this text in service, id, addresses, tags or meta; the case does not matter."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       into.text = to_lower(value);
       return Result<void>();
     }},
    {{bit(Takes::meta), k_meta, true},
     {"MetaPairs", "Only instances with this pair: `meta.version=2`; several may be given."},
     [](std::string_view value, const registry::ZoneDirectory&, Parameters& into) {
       into.meta.emplace_back(std::string(), value);  // read_parameter knows the key
       return Result<void>();
     }},
};

constexpr auto k_known = [] {
  std::array<Parameter, std::size(k_lines)> known{};
  std::ranges::transform(k_lines, known.begin(), &Line::known);
  return known;
}();

constexpr auto k_texts = [] {
  std::array<ParameterText, std::size(k_lines)> texts{};
  std::ranges::transform(k_lines, texts.begin(), &Line::says);
  return texts;
}();
static_assert(std::ranges::none_of(k_texts,
                                   [](const ParameterText& each) { return each.schema.empty() || each.text.empty(); }),
              "a parameter says what it is");

}  // namespace

std::span<const Parameter> known_parameters() { return k_known; }
std::span<const ParameterText> parameter_texts() { return k_texts; }

Result<void> read_parameter(std::string_view name, std::string_view value, const registry::ZoneDirectory& zones,
                            Parameters& into) {
  const auto* const line = std::ranges::find_if(k_lines, [&](const Line& each) { return is_named(each.known, name); });
  check(line != std::end(k_lines), "the router lets known parameters through alone");
  Result<void> read = line->read(value, zones, into);
  if (line->known.is_prefix) into.meta.back().first = name.substr(k_meta_prefix_bytes);
  return read;
}

Parameters parameters_of(const Query& checked, const registry::ZoneDirectory& zones) {
  Parameters parameters;
  for (const auto& [name, value] : checked.parameters()) {
    check(read_parameter(name, value, zones, parameters).has_value(), "the router has checked the parameter's value");
  }
  return parameters;
}

Result<registry::EventId> parse_event_id(std::string_view text, std::string_view field,
                                         registry::EventNumbers numbers) {
  if (const std::optional<registry::EventId> id = registry::parse_event_id(text, numbers)) return *id;
  if (numbers == registry::EventNumbers::plain) {
    return failure(Errc::invalid, fmt::format("{} must be an integer from 0 to {}", field, limits::k_index_max),
                   std::string(field));
  }
  return failure(Errc::invalid, fmt::format("{} must be the event_id of an event, like \"123.0\"", field),
                 std::string(field));
}

Result<registry::ZoneId> parse_zone(std::string_view text, std::string_view field,
                                    const registry::ZoneDirectory& zones) {
  if (const std::optional<registry::ZoneId> zone = zones.find(text)) return *zone;
  return failure(Errc::unknown_zone,
                 fmt::format("no zone \"{}\" is served here; leave {} out for the first zone",
                             text.substr(0, limits::k_name_bytes_max), field),
                 std::string(field));
}

}  // namespace rollcall::api::native
