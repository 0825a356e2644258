// The query parameters of the native API.
//
// Failure  Errc::invalid for a parameter that is wrong, with its name as the field; Errc::unknown_zone.
// Source   interface.md §4.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/door.h"

namespace rollcall::api::native {

// What a call takes besides the zone: a ParameterSet.
enum class Takes : ParameterSet {
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
  at_least = 1'024,
  consistent = 2'048,
  everywhere = 4'096,
  cursor = 8'192,
  sort = 16'384,
  text = 32'768,
  meta = 65'536,
};
[[nodiscard]] constexpr Takes operator|(Takes a, Takes b) {
  return static_cast<Takes>(static_cast<ParameterSet>(a) | static_cast<ParameterSet>(b));
}

struct Parameters {
  std::optional<registry::ZoneId> zone;
  std::optional<std::string> tag;  // folded
  std::optional<registry::Status> status;
  std::optional<registry::ChangeIndex> index;
  std::optional<std::chrono::milliseconds> wait;  // at most k_wait_max
  std::optional<std::string> service;             // folded
  std::optional<std::string> id;
  std::optional<std::uint32_t> limit;        // 1 … k_events_limit_max
  std::optional<std::string> name;           // a DNS name, as given
  std::optional<std::string> type;           // a DNS type, as given
  std::optional<std::string> last_event_id;  // as given: parse_event_id
  std::optional<registry::ChangeIndex> at_least;
  std::optional<bool> consistent;
  std::optional<bool> everywhere;
  std::optional<std::string> cursor;                      // as given
  std::optional<std::string> sort;                        // one of k_sorts, with a '-' before it where descending
  std::optional<std::string> text;                        // folded
  std::vector<std::pair<std::string, std::string>> meta;  // meta.KEY=value
};

// What a list of instances can be sorted by.
inline constexpr std::string_view k_sorts[] = {"service", "id", "status", "registered_at", "status_since", "weight"};

// All of them, in the order an error lists them; for Manners::known_parameters.
[[nodiscard]] std::span<const Parameter> known_parameters();

// What /v1/openapi.json says of each, in the same order.
struct ParameterText {
  std::string_view schema;  // of openapi/schemas.h
  std::string_view text;
};
[[nodiscard]] std::span<const ParameterText> parameter_texts();

// Reads one of them.
[[nodiscard]] Result<void> read_parameter(std::string_view name, std::string_view value,
                                          const registry::ZoneDirectory& zones, Parameters& into);

// All of a query that the router has checked.
[[nodiscard]] Parameters parameters_of(const Query& checked, const registry::ZoneDirectory& zones);

// The number of an event as this server writes it; `field` names where it stood.
[[nodiscard]] Result<registry::EventId> parse_event_id(std::string_view text, std::string_view field,
                                                       registry::EventNumbers numbers);

// The zone of this name. `field` names where it stood.
[[nodiscard]] Result<registry::ZoneId> parse_zone(std::string_view text, std::string_view field,
                                                  const registry::ZoneDirectory& zones);

}  // namespace rollcall::api::native
