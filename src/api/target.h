// The target of a request: which path, and what the query asks.
//
// Shape    borrowed from the request; segments are as sent, still percent-encoded.
// Failure  what is no URL has no Target; a parameter that is wrong is an Error with its name as the field.
// Source   RFC 9112 §3.2 (origin form, absolute form); RFC 3986; interface.md §4.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "registry/ports.h"

namespace rollcall::api {

inline constexpr std::size_t k_path_segments_max = 6;  // /v1/services/{service}/instances/{id}/heartbeat

struct Target {
  std::string_view path;
  std::string_view query;                                      // without the question mark
  std::array<std::string_view, k_path_segments_max> segments;  // of the path, without the slashes
  std::size_t segment_count = 0;  // k_path_segments_max + 1 for every path that is longer than any of ours
};

[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

// A segment, or a parameter's value, as it was meant. `room` holds the text where it had to be decoded.
[[nodiscard]] std::string_view decode(std::string_view encoded, std::string& room);

// What may be asked about besides the zone.
enum class Filters : bool { none, tag_and_status };

struct Parameters {
  std::optional<registry::ZoneId> zone;
  std::optional<std::string> tag;  // folded
  std::optional<registry::Status> status;
};

// Errc::invalid for a parameter that is unknown here, wrong, or given twice; Errc::unknown_zone.
[[nodiscard]] Result<Parameters> parse_parameters(std::string_view query, Filters filters,
                                                  const registry::ZoneDirectory& zones);

// The zone of this name. `field` names where it stood.
[[nodiscard]] Result<registry::ZoneId> parse_zone(std::string_view text, std::string_view field,
                                                  const registry::ZoneDirectory& zones);

}  // namespace rollcall::api
