// `rollcall`: options, the command's name, its options; then the command, and its error as a sentence and an exit code.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "ops/version.h"
#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/help.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

int say(const Error& error) {
  fmt::print(stderr, "rollcall: {}\n", error.message);
  return exit_code(error.code);
}

int misused(std::string_view command, const Error& error) {
  const std::string_view gap = command.empty() ? "" : " ";
  fmt::print(stderr, "rollcall{0}{1}: {2}; see rollcall{0}{1} --help\n", gap, command, error.message);
  return k_usage;
}

int show_overview(Globals globals) {
  const Session session(std::move(globals));
  session.wants_json() ? session.print_json(help_as_json()) : session.print(overview());
  return k_done;
}

// Parses the options of the command and the global options, and runs it; the first of `words` is its name.
int run(Globals globals, const std::vector<std::string>& words) {
  const Command* const command = find_command(words.front());
  if (command == nullptr) return misused("", Error{Errc::start_up, fmt::format("no command {}", words.front())});
  Options options;
  const Action action = command->declare(options);
  Options shared;
  declare_globals(shared, globals);
  for (const Option& option : shared.all()) options.append(option);
  const Result<Parsed> parsed = parse(options, {words.begin() + 1, words.end()}, false);
  if (!parsed) return misused(command->name, parsed.error());
  Session session(std::move(globals));
  if (parsed->wants_help) {
    session.print(help_of(*command));
    return k_done;
  }
  const Result<int> done = action(session);
  if (done) return *done;
  return done.error().code == Errc::start_up ? misused(command->name, done.error()) : say(done.error());
}

int start(const std::vector<std::string>& arguments) {
  Globals globals = globals_of_environment();
  Options options;
  declare_globals(options, globals);
  bool wants_version = false;
  options.flag("--version", wants_version, "print the version");
  const Result<Parsed> parsed = parse(options, arguments, true);
  if (!parsed) return misused("", parsed.error());
  if (wants_version) {
    fmt::print("rollcall {}\n", ops::k_version);
    return k_done;
  }
  if (parsed->wants_help || parsed->rest.empty()) return show_overview(std::move(globals));
  return run(std::move(globals), parsed->rest);
}

}  // namespace
}  // namespace rollcall::cli

int main(int count, char** words) {
  try {
    return rollcall::cli::start({words + 1, words + count});
  } catch (const std::exception& error) {
    fmt::print(stderr, "rollcall: cannot go on: {}\n", error.what());
    return rollcall::cli::k_refused;
  }
}
