// The fields of an answer, read without trust: another program may be listening on the port.
//
// Shape    what is not there, or is of another type, is empty or 0; where there is nothing without it, a failure.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::cli {

[[nodiscard]] const boost::json::value* find_field(const boost::json::value& object, std::string_view key);
// As it may be printed (terminal.h); numbers and booleans as JSON has them.
[[nodiscard]] std::string text_at(const boost::json::value& object, std::string_view key);
// As it came.
[[nodiscard]] std::string raw_text_at(const boost::json::value& object, std::string_view key);
[[nodiscard]] std::int64_t number_at(const boost::json::value& object, std::string_view key);
// The texts of a list, with `between` between them.
[[nodiscard]] std::string list_at(const boost::json::value& object, std::string_view key,
                                  std::string_view between = ",");
// Errc::unreachable: there is no such list, so this is no registry.
[[nodiscard]] Result<const boost::json::array*> rows_at(const boost::json::value& object, std::string_view key);

[[nodiscard]] Error no_registry();

}  // namespace rollcall::cli
