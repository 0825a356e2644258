// Values of a check's JSON, as both its own members and those of a named check read them.
//
// Failure  Errc::invalid with a sentence, and the field.
// Threads  any.
// Source   docs/checks.md.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace rollcall::health {

[[nodiscard]] inline std::unexpected<Error> invalid(std::string sentence, std::string_view field) {
  return failure(Errc::invalid, std::move(sentence), std::string(field));
}

// As json::find_integer: "10.0" is 10.
[[nodiscard]] std::optional<std::int64_t> find_integer(const boost::json::value& value);
// At most `max` octets.
[[nodiscard]] Result<std::string> parse_text(const boost::json::value& value, std::string_view field, std::size_t max);
// Goes into a request line or a header field: nothing that could end either.
[[nodiscard]] Result<std::string> parse_visible(const boost::json::value& value, std::string_view field);

// An IP address, or what a host may be called.
[[nodiscard]] bool is_host(std::string_view text);

}  // namespace rollcall::health
