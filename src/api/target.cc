#include "api/target.h"

#include <boost/url/parse.hpp>
#include <boost/url/parse_query.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

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

Result<void> read_parameter(std::string_view name, std::string_view value, Filters filters,
                            const registry::ZoneDirectory& zones, Parameters& into) {
  if (name == "zone") return set_once(into.zone, parse_zone(value, "zone", zones), name);
  if (filters == Filters::tag_and_status) {
    if (name == "tag") return set_once(into.tag, registry::parse_label(value, "tag"), name);
    if (name == "status") return set_once(into.status, parse_status(value), name);
  }
  const std::string shown(name.substr(0, k_quoted_bytes_max));
  const std::string_view known = filters == Filters::none ? "zone" : "zone, tag and status";
  return failure(Errc::invalid, fmt::format("unknown parameter \"{}\"; this call takes {}", shown, known), shown);
}

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
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

Result<registry::ZoneId> parse_zone(std::string_view text, std::string_view field,
                                    const registry::ZoneDirectory& zones) {
  if (const std::optional<registry::ZoneId> zone = zones.find(text)) return *zone;
  return failure(Errc::unknown_zone,
                 fmt::format("no zone \"{}\" is served here; leave {} out for the first zone",
                             text.substr(0, limits::k_name_bytes_max), field),
                 std::string(field));
}

Result<Parameters> parse_parameters(std::string_view query, Filters filters, const registry::ZoneDirectory& zones) {
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
    if (const auto read = read_parameter(name, value, filters, zones, parameters); !read) {
      return std::unexpected(read.error());
    }
  }
  return parameters;
}

}  // namespace rollcall::api
