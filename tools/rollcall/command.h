// One command of `rollcall`, whole: what people read about it, what it takes, what it does.
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

// Does it; the exit code (exit_code.h), or what went wrong, which main() says on stderr and turns into an exit code.
using Action = std::function<Result<int>(Session&)>;

struct Example {
  std::string_view line;     // "rollcall list web --tag blue"
  std::string_view meaning;  // "the instances of web that have the tag blue"
};

// Whom a command needs: each command is tried against such a one that is away, slow or talks nonsense.
enum class Asks : std::uint8_t {
  nobody,
  http,       // ends with exit code 3
  dns,        // the same
  http_late,  // goes on without, and asks again (run)
};

struct Command {
  std::string_view name;
  std::string_view synopsis;     // what follows the name: "[NAME] [--tag TAG]…"
  std::string_view summary;      // a clause, in lower case, without a full stop
  std::string_view description;  // paragraphs, with an empty line between them
  std::vector<Example> examples;
  Asks asks = Asks::nobody;
  // Arguments with which it can be tried against a bad server; stdin has one line of `export`.
  std::vector<std::string_view> trial;
  // Declares the options, and gives what is to be done once they are parsed.
  Action (*declare)(Options&);
};

// In the order of --help.
[[nodiscard]] std::span<const Command* const> commands();
[[nodiscard]] const Command* find_command(std::string_view name);

}  // namespace rollcall::cli
