// The target of a request: which path, and what the query asks.
//
// Shape    borrowed from the request; segments are as sent, still percent-encoded.
// Failure  what is no URL has no Target; a parameter that is wrong is an Error with its name as the field.
// Source   RFC 9112 §3.2 (origin form, absolute form); RFC 3986; interface.md §4.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
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

// What a call takes besides the zone: a set.
enum class Takes : std::uint16_t {
  nothing = 0,
  tag = 1,
  status = 2,
  index = 4,
  wait = 8,
  service = 16,
  id = 32,
  limit = 64,
  name = 128,
  type = 256,
  last_event_id = 512,
};
[[nodiscard]] constexpr Takes operator|(Takes a, Takes b) {
  return static_cast<Takes>(static_cast<std::uint16_t>(a) | static_cast<std::uint16_t>(b));
}
[[nodiscard]] constexpr bool has(Takes all, Takes one) {
  return (static_cast<std::uint16_t>(all) & static_cast<std::uint16_t>(one)) != 0;
}

struct Parameters {
  std::optional<registry::ZoneId> zone;
  std::optional<std::string> tag;  // folded
  std::optional<registry::Status> status;
  std::optional<registry::ChangeIndex> index;
  std::optional<std::chrono::milliseconds> wait;  // at most k_wait_max
  std::optional<std::string> service;             // folded
  std::optional<std::string> id;
  std::optional<std::uint32_t> limit;  // 1 … k_events_limit_max
  std::optional<std::string> name;     // a DNS name, as given
  std::optional<std::string> type;     // a DNS type, as given
  std::optional<registry::EventId> last_event_id;
};

// Errc::invalid for a parameter that is unknown here, wrong, or given twice; Errc::unknown_zone.
[[nodiscard]] Result<Parameters> parse_parameters(std::string_view query, Takes takes,
                                                  const registry::ZoneDirectory& zones);

// As the parameter `last_event_id`; `field` names where it stood.
[[nodiscard]] Result<registry::EventId> parse_event_id(std::string_view text, std::string_view field);

// The zone of this name. `field` names where it stood.
[[nodiscard]] Result<registry::ZoneId> parse_zone(std::string_view text, std::string_view field,
                                                  const registry::ZoneDirectory& zones);

}  // namespace rollcall::api
