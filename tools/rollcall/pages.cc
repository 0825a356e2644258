// The documentation commands: help, man, completion.
#include <fmt/format.h>
#include <memory>

#include "tools/rollcall/command.h"
#include "tools/rollcall/completion.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/help.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

struct Flags {
  std::string name;
};

Result<const Command*> named(const std::string& name) {
  if (const Command* const command = find_command(name)) return command;
  return failure(Errc::start_up, fmt::format("no command {}", name));
}

Result<int> show_help(Session& session, const Flags& flags) {
  if (flags.name.empty()) {
    session.wants_json() ? session.print_json(help_as_json()) : session.print(overview());
    return k_done;
  }
  const auto command = named(flags.name);
  if (!command) return std::unexpected(command.error());
  session.print(help_of(**command));
  return k_done;
}

Result<int> show_manual(Session& session, const Flags& flags) {
  if (flags.name.empty()) {
    session.print(manual());
    return k_done;
  }
  const auto command = named(flags.name);
  if (!command) return std::unexpected(command.error());
  session.print(manual_of(**command));
  return k_done;
}

Result<int> show_completion(Session& session, const Flags& flags) {
  session.print(completion_for(flags.name));
  return k_done;
}

Action declare_help(Options& options) {
  auto flags = std::make_shared<Flags>();
  options.argument("COMMAND", flags->name, "one of the commands").offers(Offer::commands);
  return [flags](Session& session) { return show_help(session, *flags); };
}

Action declare_manual(Options& options) {
  auto flags = std::make_shared<Flags>();
  options.argument("COMMAND", flags->name, "one of the commands; without, rollcall(1)").offers(Offer::commands);
  return [flags](Session& session) { return show_manual(session, *flags); };
}

Action declare_completion(Options& options) {
  auto flags = std::make_shared<Flags>();
  options.argument("SHELL", flags->name, "whose").required().one_of({"bash", "zsh", "fish"});
  return [flags](Session& session) { return show_completion(session, *flags); };
}

}  // namespace

extern const Command k_help{
    .name = "help",
    .synopsis = "[COMMAND]",
    .summary = "what a command does and takes",
    .description = "The same as COMMAND --help. With --json, and without COMMAND, all of it for programs.",
    .examples = {{"rollcall help run", "about run"}},
    .asks = Asks::nobody,
    .trial = {},
    .declare = declare_help,
};

extern const Command k_man{
    .name = "man",
    .synopsis = "[COMMAND]",
    .summary = "print a man page, as roff",
    .description = "The pages are installed with the program; this is for where it came alone.",
    .examples = {{"rollcall man run | man -l -", "reads rollcall-run(1)"}},
    .asks = Asks::nobody,
    .trial = {},
    .declare = declare_manual,
};

extern const Command k_completion{
    .name = "completion",
    .synopsis = "SHELL",
    .summary = "print a script with which a shell completes commands, options and services",
    .description =
        "Services are looked up while completing, with the registry of the environment and for at most a second.",
    .examples = {{"source <(rollcall completion bash)", "bash, in ~/.bashrc"},
                 {"rollcall completion zsh >\"${fpath[1]}/_rollcall\"", "zsh"},
                 {"rollcall completion fish >~/.config/fish/completions/rollcall.fish", "fish"}},
    .asks = Asks::nobody,
    .trial = {"bash"},
    .declare = declare_completion,
};

}  // namespace rollcall::cli
