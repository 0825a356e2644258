// One command of `rollcall`: its help texts, its options and its action.
//
// A new command is one file here, say list.cc, that defines `extern const Command k_list`, and one line in the table of
// commands.cc. Help, man page, completion and the tests that every command must pass follow from the table.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tools/rollcall/options.h"

namespace rollcall::cli {

class Session;

// Runs the command. Returns the exit code (exit_code.h), or an Error: main() prints it and maps it to an exit code.
using Action = std::function<Result<int>(Session&)>;

struct Example {
  std::string_view line;     // "rollcall list web --tag blue"
  std::string_view meaning;  // "the instances of web that have the tag blue"
};

// Which server a command needs. The tests run each command against such a server that is down, slow or malformed.
enum class Asks : std::uint8_t {
  nobody,
  http,       // without it the command ends with exit code 3
  dns,        // the same
  http_late,  // the command works without it, and retries (`run`)
};

struct Command {
  std::string_view name;
  std::string_view synopsis;     // what follows the name: "[NAME] [--tag TAG]…"
  std::string_view summary;      // a clause, in lower case, without a full stop
  std::string_view description;  // paragraphs, with an empty line between them
  std::vector<Example> examples;
  Asks asks = Asks::nobody;
  // Arguments for those tests; stdin then has one line of `export` output.
  std::vector<std::string_view> trial;
  // Declares the options, and returns the action to run after parsing.
  Action (*declare)(Options&);
};

// In the order of --help.
[[nodiscard]] std::span<const Command* const> commands();
[[nodiscard]] const Command* find_command(std::string_view name);

}  // namespace rollcall::cli
