// Reads the fields of a JSON answer. The input is untrusted: another program may be listening on the port.
//
// Shape    a field that is missing or has the wrong type reads as empty or 0.
// Threads  pure functions: any thread.
// Failure  only rows_at() fails, because an answer without its list is not from a registry.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::cli {

[[nodiscard]] const boost::json::value* find_field(const boost::json::value& object, std::string_view key);
// Safe to print on a terminal (terminal.h). Numbers and booleans are written as in JSON.
[[nodiscard]] std::string text_at(const boost::json::value& object, std::string_view key);
// The unmodified text.
[[nodiscard]] std::string raw_text_at(const boost::json::value& object, std::string_view key);
[[nodiscard]] std::int64_t number_at(const boost::json::value& object, std::string_view key);
// The texts of a list, joined by `between`.
[[nodiscard]] std::string list_at(const boost::json::value& object, std::string_view key,
                                  std::string_view between = ",");
// The members of an object of texts, KEY=VALUE each, joined by `between`.
[[nodiscard]] std::string pairs_at(const boost::json::value& object, std::string_view key,
                                   std::string_view between = ",");
// Errc::unreachable if the list is missing: the server is not a registry.
[[nodiscard]] Result<const boost::json::array*> rows_at(const boost::json::value& object, std::string_view key);

[[nodiscard]] Error no_registry();

}  // namespace rollcall::cli
