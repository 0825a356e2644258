// Reads one value of a JSON object as the type a field must have.
//
// Shape    functions from a value and the path of its field ("checks[0].port") to a typed value.
// Threads  any.
// Failure  Errc::invalid, with the field's path and a sentence that says what would be right.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace rollcall::json {

[[nodiscard]] std::unexpected<Error> invalid(std::string sentence, std::string_view field);

// The integer that a number is, also where it is written "80.0" or "8e1": JSON knows one kind of number, and some encoders
// write integers so (JSON Schema 2020-12 §4.2.3). Empty: no number, no integer, or beyond 2^53 and written so.
[[nodiscard]] std::optional<std::int64_t> find_integer(const boost::json::value& value);

[[nodiscard]] Result<std::string_view> parse_text(const boost::json::value& value, std::string_view field);
[[nodiscard]] Result<std::uint16_t> parse_u16(const boost::json::value& value, std::string_view field,
                                              std::uint16_t min);
// An integer of seconds, or a text ("500ms", "1m30s").
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(const boost::json::value& value, std::string_view field);

// A field's name as a sentence may quote it: no longer than any name of ours.
[[nodiscard]] inline std::string_view quotable(boost::json::string_view name) {
  return std::string_view(name.data(), name.size()).substr(0, limits::k_meta_key_max);
}

// Stores a parsed value at `place`, or passes its error on.
template <class T, class Place>
[[nodiscard]] Result<void> keep(Result<T> value, Place& place) {
  if (!value) return std::unexpected(std::move(value.error()));
  place = std::move(*value);
  return {};
}

// A list of at most `max` elements, each read by `parse(element, "field[n]")`. Its length is checked before anything is
// read.
template <class T, class Parse>
[[nodiscard]] Result<void> read_list(const boost::json::value& value, std::string_view field, std::string_view of_what,
                                     std::size_t max, std::vector<T>& into, Parse parse) {
  const boost::json::array* list = value.if_array();
  if (list == nullptr) return invalid(fmt::format("{} must be a list of {}", field, of_what), field);
  if (list->size() > max) {
    return invalid(fmt::format("{} must be at most {}, there are {}", field, max, list->size()), field);
  }
  into.reserve(list->size());
  std::string name(field);
  name += '[';
  for (const boost::json::value& element : *list) {
    name.resize(field.size() + 1);
    name.append(std::to_string(into.size())).append(1, ']');
    auto parsed = parse(element, std::as_const(name));
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    into.push_back(std::move(*parsed));
  }
  return {};
}

}  // namespace rollcall::json
