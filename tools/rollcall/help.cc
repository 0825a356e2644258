#include "tools/rollcall/help.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "tools/rollcall/globals.h"
#include "tools/rollcall/terminal.h"
#include "tools/rollcall/texts.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t k_columns = 100;
constexpr std::size_t k_meaning_column = 26;

// A paragraph, wrapped; every line but the first begins after `indent` blanks.
std::string wrapped(std::string_view paragraph, std::size_t indent) {
  std::string text;
  std::size_t column = indent;
  while (!paragraph.empty()) {
    const std::size_t blank = paragraph.find(' ');
    const std::string_view word = paragraph.substr(0, blank);
    paragraph.remove_prefix(blank == std::string_view::npos ? paragraph.size() : blank + 1);
    if (column > indent && column + 1 + columns_of(word) > k_columns) {
      text += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      text += ' ';
      ++column;
    }
    text += word;
    column += columns_of(word);
  }
  return text;
}

// A line that begins with a blank is kept as it is: a small table, a command line.
std::string prose(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    out += (line.starts_with(' ') ? std::string(line) : wrapped(line, 0)) + "\n";
  }
  return out;
}

std::string option_line(const Option& option) {
  const std::string dots = option.is_repeatable ? "…" : "";
  const std::string head = option.is_argument     ? option.shape + dots
                           : option.shape.empty() ? option.name
                                                  : option.name + " " + option.shape + dots;
  const std::string choices = option.choices.empty() ? "" : fmt::format(": {}", fmt::join(option.choices, ", "));
  const std::string needed = option.is_required && !option.is_argument ? " (required)" : "";
  std::string text = "  " + head;
  if (const std::size_t columns = columns_of(text); columns + 2 > k_meaning_column) {
    text += "\n" + std::string(k_meaning_column, ' ');
  } else {
    text.append(k_meaning_column - columns, ' ');
  }
  return text + wrapped(option.meaning + choices + needed, k_meaning_column) + "\n";
}

std::string option_lines(const Options& options) {
  std::string text;
  for (const Option& option : options.all()) text += option_line(option);
  return text;
}

json::object as_json(const Option& option) {
  json::object object;
  object["name"] = option.name;
  object["shape"] = option.shape;
  object["meaning"] = option.meaning;
  object["argument"] = option.is_argument;
  object["required"] = option.is_required;
  object["repeatable"] = option.is_repeatable;
  if (!option.choices.empty()) object["choices"] = json::array(option.choices.begin(), option.choices.end());
  return object;
}

json::array as_json(const Options& options) {
  json::array array;
  for (const Option& option : options.all()) array.push_back(as_json(option));
  return array;
}

std::string_view name_of(Asks asks) {
  switch (asks) {
    case Asks::nobody: return "nobody";
    case Asks::http: return "http";
    case Asks::dns: return "dns";
    case Asks::http_late: return "http_late";
  }
  return "nobody";
}

}  // namespace

Options options_of(const Command* command, bool wants_globals) {
  // Only the declarations are used. Nothing is parsed, so the variables they refer to may go out of scope.
  Options options;
  if (command != nullptr) static_cast<void>(command->declare(options));
  Globals globals;
  Options shared;
  if (wants_globals) declare_globals(shared, globals);
  for (const Option& option : shared.all()) options.append(option);
  return options;
}

std::string overview() {
  std::string text =
      fmt::format("rollcall: {}\n\nUsage: rollcall [OPTION…] COMMAND [ARGUMENT…]\n\nCommands\n", k_purpose);
  for (const Command* command : commands()) {
    text += fmt::format("  {:<{}}{}\n", command->name, k_meaning_column - 2, command->summary);
  }
  text += "\nOptions of every command\n" + option_lines(options_of(nullptr, true));
  text +=
      "  --version               print the version\n  -h, --help              print this; rollcall COMMAND --help "
      "tells more of one\n";
  text += fmt::format("\nEnvironment\n{}\nExit codes\n{}\nExamples\n{}", k_environment, k_exit_codes, k_first_examples);
  return text;
}

std::string help_of(const Command& command) {
  std::string text = fmt::format("rollcall {}: {}\n\nUsage: rollcall {} {}\n\n", command.name, command.summary,
                                 command.name, command.synopsis);
  text += prose(command.description);
  if (const Options own = options_of(&command, false); !own.all().empty()) text += "\nOptions\n" + option_lines(own);
  text += "\nOptions of every command\n" + option_lines(options_of(nullptr, true));
  if (!command.examples.empty()) text += "\nExamples\n";
  for (const Example& example : command.examples) text += fmt::format("  # {}\n  {}\n", example.meaning, example.line);
  return text;
}

json::value help_as_json() {
  json::array all;
  for (const Command* command : commands()) {
    json::object object;
    object["name"] = json::string(command->name);
    object["synopsis"] = json::string(command->synopsis);
    object["summary"] = json::string(command->summary);
    object["asks"] = json::string(name_of(command->asks));
    json::array trial;
    for (const std::string_view word : command->trial) trial.push_back(json::string(word));
    object["trial"] = std::move(trial);
    object["options"] = as_json(options_of(command, false));
    all.push_back(std::move(object));
  }
  return json::object{{"commands", std::move(all)}, {"options", as_json(options_of(nullptr, true))}};
}

}  // namespace rollcall::cli
