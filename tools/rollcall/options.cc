#include "tools/rollcall/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <deque>
#include <fmt/format.h>
#include <utility>

#include "base/duration.h"

namespace rollcall::cli {
namespace {

using std::chrono::milliseconds;

// Formats a word of the command line for an error message.
std::string shown(std::string_view text) { return text.empty() ? "an empty one" : std::string(text); }

template <class Variable>
Option::Take take_text(Variable& variable) {
  return [&variable](const std::string& text) {
    variable = text;
    return std::string();
  };
}

Option::Take take_list(std::vector<std::string>& variable) {
  // The first typed value replaces the default list; further values are added.
  return [&variable, is_first = true](const std::string& text) mutable {
    if (std::exchange(is_first, false)) variable.clear();
    variable.push_back(text);
    return std::string();
  };
}

template <class Variable>
Option::Take take_duration(Variable& variable) {
  return [&variable](const std::string& text) -> std::string {
    // As the API takes it: a whole number is one of seconds.
    const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    const std::optional<milliseconds> duration = parse_duration(is_number ? text + "s" : text);
    if (!duration) return fmt::format("must be a duration such as 500ms, 15s or 1m30s, not {}", shown(text));
    variable = *duration;
    return {};
  };
}

template <class Variable>
Option::Take take_number(Variable& variable, std::uint64_t least, std::uint64_t most) {
  return [&variable, least, most](const std::string& text) -> std::string {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most) {
      return fmt::format("must be {} to {}, not {}", least, most, shown(text));
    }
    variable = number;
    return {};
  };
}

Option made(std::string name, std::string shape, std::string meaning, Option::Take take) {
  Option option;
  option.name = std::move(name);
  option.shape = std::move(shape);
  option.meaning = std::move(meaning);
  option.take = std::move(take);
  return option;
}

Option argument_made(std::string shape, std::string meaning, Option::Take take) {
  Option option = made(shape, shape, std::move(meaning), std::move(take));
  option.is_argument = true;
  return option;
}

std::unexpected<Error> usage(std::string message) { return failure(Errc::start_up, std::move(message)); }

std::string first_line(std::string words) {
  std::ranges::replace(words, '\n', ' ');
  return words;
}

// The first word that no option accepts. CLI11 would list such words in reverse order.
std::unexpected<Error> extras_failure(const CLI::App& app, const std::vector<std::string>& arguments) {
  const std::vector<std::string> extras = app.remaining();
  const auto first = std::ranges::find_first_of(arguments, extras);
  const std::string name = first == arguments.end() ? "the command line" : *first;
  return usage(fmt::format("{}: {}", name, name.starts_with('-') ? "no such option" : "one argument too many"));
}

}  // namespace

Option& Option::required() {
  is_required = true;
  return *this;
}

Option& Option::repeatable() {
  is_repeatable = true;
  return *this;
}

Option& Option::offers(Offer what) {
  offer = what;
  return *this;
}

Option& Option::one_of(std::vector<std::string> values) {
  choices = std::move(values);
  take = [inner = std::move(take), allowed = choices](const std::string& text) -> std::string {
    if (std::ranges::find(allowed, text) == allowed.end()) {
      return fmt::format("must be {}, not {}", fmt::join(allowed, " or "), shown(text));
    }
    return inner(text);
  };
  return *this;
}

std::string_view Option::long_name() const {
  const std::size_t dashes = name.find("--");
  return dashes == std::string::npos ? std::string_view(name) : std::string_view(name).substr(dashes + 2);
}

Option& Options::add(Option option) {
  options_.push_back(std::move(option));
  return options_.back();
}

Option& Options::flag(std::string name, bool& variable, std::string meaning) {
  return add(made(std::move(name), {}, std::move(meaning), [&variable](const std::string&) {
    variable = true;
    return std::string();
  }));
}

Option& Options::value(std::string name, std::string shape, std::string& variable, std::string meaning) {
  return add(made(std::move(name), std::move(shape), std::move(meaning), take_text(variable)));
}

Option& Options::value(std::string name, std::string shape, std::optional<std::string>& variable, std::string meaning) {
  return add(made(std::move(name), std::move(shape), std::move(meaning), take_text(variable)));
}

Option& Options::value(std::string name, std::string shape, std::vector<std::string>& variable, std::string meaning) {
  return add(made(std::move(name), std::move(shape), std::move(meaning), take_list(variable))).repeatable();
}

Option& Options::value(std::string name, std::string shape, milliseconds& variable, std::string meaning) {
  return add(made(std::move(name), std::move(shape), std::move(meaning), take_duration(variable)));
}

Option& Options::value(std::string name, std::string shape, std::optional<milliseconds>& variable,
                       std::string meaning) {
  return add(made(std::move(name), std::move(shape), std::move(meaning), take_duration(variable)));
}

Option& Options::number(std::string name, std::string shape, std::uint64_t& variable, std::uint64_t least,
                        std::uint64_t most, std::string meaning) {
  return add(made(std::move(name), std::move(shape), std::move(meaning), take_number(variable, least, most)));
}

Option& Options::number(std::string name, std::string shape, std::optional<std::uint64_t>& variable,
                        std::uint64_t least, std::uint64_t most, std::string meaning) {
  return add(made(std::move(name), std::move(shape), std::move(meaning), take_number(variable, least, most)));
}

Option& Options::argument(std::string shape, std::string& variable, std::string meaning) {
  return add(argument_made(std::move(shape), std::move(meaning), take_text(variable)));
}

Option& Options::argument(std::string shape, std::vector<std::string>& variable, std::string meaning) {
  return add(argument_made(std::move(shape), std::move(meaning), take_list(variable))).repeatable();
}

void Options::mark_global() {
  for (Option& option : options_) option.is_global = true;
}

namespace {

// CLI11 only collects the words; our code converts them, so that the error messages are ours.
struct Words {
  const Option* option;
  std::vector<std::string> values;
  std::int64_t times = 0;
};

void declare(CLI::App& app, Words& words) {
  const Option& option = *words.option;
  if (option.shape.empty()) {
    app.add_flag(option.name, words.times);
    return;
  }
  CLI::Option* const declared = app.add_option(option.name, words.values);
  declared->type_size(1)->allow_extra_args(option.is_argument && option.is_repeatable);
  if (option.is_argument && !option.is_repeatable) declared->expected(1);
}

Result<void> take(const Words& words) {
  const Option& option = *words.option;
  const bool is_given = words.times > 0 || !words.values.empty();
  const std::string name = option.is_argument ? option.shape : "--" + std::string(option.long_name());
  if (!is_given && option.is_required) return usage(fmt::format("{} is missing", name));
  if (words.values.size() > 1 && !option.is_repeatable) return usage(fmt::format("{} is given twice", name));
  if (words.times > 0) option.take({});
  for (const std::string& value : words.values) {
    if (std::string why = option.take(value); !why.empty()) return usage(fmt::format("{} {}", name, why));
  }
  return {};
}

}  // namespace

Result<Parsed> parse(const Options& options, const std::vector<std::string>& arguments, bool stops_at_argument) {
  CLI::App app;
  Parsed parsed;
  app.set_help_flag();
  app.add_flag("-h,--help", parsed.wants_help);
  app.prefix_command(stops_at_argument);
  std::deque<Words> all;
  for (const Option& option : options.all()) declare(app, all.emplace_back(Words{&option, {}, 0}));
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 expects reverse order
  } catch (const CLI::ExtrasError&) {
    return extras_failure(app, arguments);
  } catch (const CLI::ArgumentMismatch& error) {  // "--http: 1 required TEXT missing"
    const std::string words = first_line(error.what());
    return usage(words.substr(0, words.find(':')) + ": its value is missing");
  } catch (const CLI::ParseError& error) {  // in CLI11's own terms, behind the flag
    const std::string words = first_line(error.what());
    const std::size_t at = words.find("--");
    if (at == std::string::npos) return usage(words);
    return usage(words.substr(at, words.find_first_of(" :=", at) - at) + ": does not take this value");
  }
  if (stops_at_argument) parsed.rest = app.remaining();
  for (const Words& words : all) {
    const Result<void> taken = take(words);
    if (!taken && !parsed.wants_help) return std::unexpected(taken.error());  // --help works even with other mistakes
  }
  return parsed;
}

}  // namespace rollcall::cli
