#include "tools/rollcall/completion.h"

#include <fmt/format.h>

#include "tools/rollcall/command.h"
#include "tools/rollcall/help.h"

namespace rollcall::cli {
namespace {

// Quotes a text with single quotes, for all three shells.
std::string quoted_text(std::string_view text) {
  std::string out = "'";
  for (const char octet : text) out += octet == '\'' ? std::string("'\\''") : std::string(1, octet);
  return out + "'";
}

std::string names_of_commands() {
  std::string names;
  for (const Command* command : commands()) names += fmt::format("{}{}", names.empty() ? "" : " ", command->name);
  return names;
}

// "--follow" and "-f" of "-f,--follow".
std::string flags_of(const Option& option) {
  std::string flags = option.name;
  for (char& octet : flags) octet = octet == ',' ? ' ' : octet;
  return flags;
}

std::string flags_of(const Options& options) {
  std::string flags = "--help";
  for (const Option& option : options.all()) {
    if (!option.is_argument) flags += " " + flags_of(option);
  }
  return flags;
}

std::vector<const Option*> arguments_of(const Options& options) {
  std::vector<const Option*> arguments;
  for (const Option& option : options.all()) {
    if (option.is_argument) arguments.push_back(&option);
  }
  return arguments;
}

constexpr std::string_view k_services = "rollcall --timeout 1s list --names 2>/dev/null";

// The ids of a service; `service` is how the shell says its name: the argument before.
std::string instances_of(std::string_view service) {
  return fmt::format("rollcall --timeout 1s list {} --names 2>/dev/null", service);
}

// --- bash ---

// The completions for a value, as an assignment to COMPREPLY.
std::string bash_offer(const Option& option) {
  const auto words = [](std::string_view list) {
    return fmt::format("COMPREPLY=($(compgen -W \"{}\" -- \"$cur\"))", list);
  };
  if (!option.choices.empty()) return words(fmt::format("{}", fmt::join(option.choices, " ")));
  switch (option.offer) {
    case Offer::files: return "COMPREPLY=($(compgen -f -- \"$cur\"))";
    case Offer::services: return words(fmt::format("$({})", k_services));
    case Offer::instances: return words(fmt::format("$({})", instances_of("\"${args[-1]}\"")));
    case Offer::commands: return words(names_of_commands());
    case Offer::nothing: break;
  }
  return "COMPREPLY=()";
}

std::string bash_values(const Options& options) {
  std::string text;
  for (const Option& option : options.all()) {
    if (option.is_argument || option.shape.empty()) continue;
    std::string pattern = option.name;
    for (char& octet : pattern) octet = octet == ',' ? '|' : octet;
    text += fmt::format("    {}) {}; return ;;\n", pattern, bash_offer(option));
  }
  return text;
}

// By how many arguments there are already; the last one goes on where it is repeatable.
std::string bash_arguments(const Options& options) {
  std::string text = "case ${#args[@]} in ";
  std::size_t place = 0;
  for (const Option* argument : arguments_of(options)) {
    text += fmt::format("{}) {} ;; ", argument->is_repeatable ? std::string("*") : std::to_string(place++),
                        bash_offer(*argument));
  }
  return text + "esac";
}

std::string bash() {
  // The command is the first word that is a command name.
  std::string text =
      "# bash completion of rollcall\n"
      "_rollcall() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word\n"
      "  local -a args=()\n"
      "  COMPREPLY=()\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    if [[ $command ]]; then [[ $word == -* ]] || args+=(\"$word\"); continue; fi\n"
      "    case $word in\n";
  std::string names = names_of_commands();
  for (char& octet : names) octet = octet == ' ' ? '|' : octet;
  text += fmt::format(
      "      {}) command=$word ;;\n"
      "    esac\n"
      "  done\n"
      "  case $prev in\n{}  esac\n"
      "  case $command in\n"
      "    '') if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"{} --version\" -- \"$cur\"))\n"
      "        else COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")); fi ;;\n",
      names, bash_values(options_of(nullptr, true)), flags_of(options_of(nullptr, true)), names_of_commands());
  for (const Command* command : commands()) {
    const Options own = options_of(command, false);
    text += fmt::format(
        "    {}) case $prev in\n{}        esac\n"
        "        if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"{}\" -- \"$cur\"))\n"
        "        else {}; fi ;;\n",
        command->name, bash_values(own), flags_of(options_of(command, true)),
        arguments_of(own).empty() ? "COMPREPLY=()" : bash_arguments(own));
  }
  return text + "  esac\n}\ncomplete -o default -F _rollcall rollcall\n";
}

// --- zsh ---

// Escapes the characters that are special in the argument specifications of _arguments.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char octet : text) {
    if (octet == ':' || octet == '[' || octet == ']' || octet == '\\') out += '\\';
    out += octet;
  }
  return out;
}

std::string zsh_offer(const Option& option) {
  if (!option.choices.empty()) return fmt::format("({})", fmt::join(option.choices, " "));
  switch (option.offer) {
    case Offer::files: return "_files";
    case Offer::services: return "_rollcall_services";
    case Offer::instances: return "_rollcall_instances";
    case Offer::commands: return fmt::format("({})", names_of_commands());
    case Offer::nothing: break;
  }
  return " ";
}

std::string zsh_specs(const Options& options) {
  std::string text;
  for (const Option& option : options.all()) {
    if (option.is_argument) {
      text += fmt::format(" {}", quoted_text(fmt::format("{}:{}:{}", option.is_repeatable ? "*" : "",
                                                         zsh_text(option.shape), zsh_offer(option))));
      continue;
    }
    std::string_view names = option.name;
    while (!names.empty()) {
      const std::size_t comma = names.find(',');
      const std::string value =
          option.shape.empty() ? "" : fmt::format(":{}:{}", zsh_text(option.shape), zsh_offer(option));
      text += fmt::format(" {}", quoted_text(fmt::format("{}{}[{}]{}", option.is_repeatable ? "*" : "",
                                                         names.substr(0, comma), zsh_text(option.meaning), value)));
      names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
    }
  }
  return text;
}

std::string zsh() {
  std::string text = fmt::format(
      "#compdef rollcall\n"
      "_rollcall_services() {{ compadd -- ${{(f)\"$({})\"}} }}\n"
      "_rollcall_instances() {{ compadd -- ${{(f)\"$({})\"}} }}\n"
      "_rollcall() {{\n"
      "  local context state line curcontext=$curcontext\n"
      "  _arguments -C '(-h --help)'{{-h,--help}}'[print help]' '--version[print the version]'{} '1:command:->command' "
      "'*::argument:->argument'\n"
      "  case $state in\n"
      "    command) local -a all=(\n",
      k_services, instances_of("\"$words[CURRENT-1]\""), zsh_specs(options_of(nullptr, true)));
  for (const Command* command : commands()) {
    text += fmt::format("        {}\n", quoted_text(fmt::format("{}:{}", command->name, zsh_text(command->summary))));
  }
  text += "      ); _describe command all ;;\n    argument) case $line[1] in\n";
  for (const Command* command : commands()) {
    text += fmt::format("        {}) _arguments '--help[print help]'{} ;;\n", command->name,
                        zsh_specs(options_of(command, true)));
  }
  return text +
         "      esac ;;\n  esac\n}\nif [[ $funcstack[1] == _rollcall ]]; then _rollcall \"$@\"; else compdef _rollcall "
         "rollcall; fi\n";
}

// --- fish ---

std::string fish_offer(const Option& option) {
  if (!option.choices.empty())
    return fmt::format(" -x -a {}", quoted_text(fmt::format("{}", fmt::join(option.choices, " "))));
  switch (option.offer) {
    case Offer::files: return " -r -F";
    case Offer::services: return fmt::format(" -x -a '({})'", k_services);
    case Offer::instances:
      return fmt::format(" -x -a {}", quoted_text("(" + instances_of("(commandline -opc)[-1]") + ")"));
    case Offer::commands: return fmt::format(" -x -a {}", quoted_text(names_of_commands()));
    case Offer::nothing: break;
  }
  return " -x";
}

std::string fish_options(const Options& options, std::string_view condition) {
  std::string text;
  std::size_t words = 2;  // before the first argument: rollcall and the command
  for (const Option& option : options.all()) {
    if (option.is_argument) {
      if (option.offer != Offer::nothing || !option.choices.empty()) {
        // The ids of a service follow its name; other arguments are offered up to their place.
        const std::string place = fmt::format("{}; and test (count (commandline -opc)) {} {}", condition,
                                              option.is_repeatable ? "-ge" : "-eq", words);
        text += fmt::format("complete -c rollcall -n {}{}\n", quoted_text(place), fish_offer(option));
      }
      ++words;
      continue;
    }
    const bool has_letter = option.name.starts_with("-") && !option.name.starts_with("--");
    text += fmt::format("complete -c rollcall -n {}{} -l {}{} -d {}\n", quoted_text(condition),
                        has_letter ? fmt::format(" -s {}", option.name[1]) : std::string(), option.long_name(),
                        option.shape.empty() ? std::string() : fish_offer(option), quoted_text(option.meaning));
  }
  return text;
}

std::string fish() {
  std::string text = "# fish completion of rollcall\ncomplete -c rollcall -f\n";
  for (const Command* command : commands()) {
    text += fmt::format("complete -c rollcall -n __fish_use_subcommand -a {} -d {}\n", command->name,
                        quoted_text(command->summary));
  }
  text += "complete -c rollcall -s h -l help -d 'print help'\n" + fish_options(options_of(nullptr, true), "true");
  for (const Command* command : commands()) {
    text += fish_options(options_of(command, false), fmt::format("__fish_seen_subcommand_from {}", command->name));
  }
  return text;
}

}  // namespace

std::string completion_for(std::string_view shell) {
  if (shell == "bash") return bash();
  return shell == "zsh" ? zsh() : fish();
}

}  // namespace rollcall::cli
