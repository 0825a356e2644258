// JSON as YAML, for people who read configuration in it. Every text is quoted as in JSON, which is YAML too, so nothing in it can
// mean anything else.
//
// Threads  pure.
// Source   YAML 1.2 §5.7, §7.3.1 (double-quoted scalars take JSON's escapes).
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace rollcall::cli {

// Ends with a line end.
[[nodiscard]] std::string as_yaml(const boost::json::value& value);

}  // namespace rollcall::cli
