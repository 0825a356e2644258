// The documentation of the commands, generated from their declarations: --help, --help as JSON, and the man pages.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "tools/rollcall/command.h"

namespace rollcall::cli {

// `rollcall --help`: the commands and the options they share.
[[nodiscard]] std::string overview();
// `rollcall COMMAND --help`.
[[nodiscard]] std::string help_of(const Command& command);
// Both as JSON: {"commands":[{"name","synopsis","summary","asks","trial","options":[…]}],"options":[…]}.
[[nodiscard]] boost::json::value help_as_json();

// rollcall(1) and rollcall-COMMAND(1), as roff with the man macros.
[[nodiscard]] std::string manual();
[[nodiscard]] std::string manual_of(const Command& command);

// The options of a command; with `wants_globals` also the global options.
[[nodiscard]] Options options_of(const Command* command, bool wants_globals);

}  // namespace rollcall::cli
