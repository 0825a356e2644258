// Text from outside, made safe for a line that people and programs read.
#pragma once

#include <string>
#include <string_view>

namespace rollcall::api {

// Printable ASCII: \" and \\ for quotes and backslashes, \xNN for every other octet that is not. Inside quotes it can
// neither end the line nor pass for what stands behind them.
[[nodiscard]] std::string escape(std::string_view text);

}  // namespace rollcall::api
