// The command-line options of a command. One declaration is used by the parser, --help, the man page and completion.
//
// Shape    declare() of a command adds the options in the order in which --help lists them, each with the variable that
//          it sets. The value of the variable before parsing is the default.
// Owner    the caller owns the variables; they must outlive the parsing (a command keeps them in a shared struct).
// Threads  the main thread.
// Failure  Errc::start_up (exit code 2), with a message that names the option.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::cli {

// What shell completion offers for a value.
enum class Offer : std::uint8_t { nothing, files, services, instances, commands };

struct Option {
  // Stores a value as typed. Returns an error text, or an empty string.
  using Take = std::function<std::string(const std::string&)>;

  std::string name;     // "--port", "-n,--lines"; for an argument its shape, "NAME"
  std::string shape;    // "PORT"; empty: a flag without a value
  std::string meaning;  // a clause, in lower case, without a full stop
  Take take;
  bool is_argument = false;
  bool is_required = false;
  bool is_repeatable = false;
  bool is_global = false;  // a global option, which every command has
  Offer offer = Offer::nothing;
  std::vector<std::string> choices;

  Option& required();
  Option& repeatable();
  Option& offers(Offer what);
  Option& one_of(std::vector<std::string> values);

  // The long name, without dashes: "port".
  [[nodiscard]] std::string_view long_name() const;
};

class Options {
 public:
  Option& flag(std::string name, bool& variable, std::string meaning);
  Option& value(std::string name, std::string shape, std::string& variable, std::string meaning);
  Option& value(std::string name, std::string shape, std::optional<std::string>& variable, std::string meaning);
  Option& value(std::string name, std::string shape, std::vector<std::string>& variable, std::string meaning);
  Option& value(std::string name, std::string shape, std::chrono::milliseconds& variable, std::string meaning);
  Option& value(std::string name, std::string shape, std::optional<std::chrono::milliseconds>& variable,
                std::string meaning);
  // A whole number from `least` to `most`.
  Option& number(std::string name, std::string shape, std::uint64_t& variable, std::uint64_t least, std::uint64_t most,
                 std::string meaning);
  Option& number(std::string name, std::string shape, std::optional<std::uint64_t>& variable, std::uint64_t least,
                 std::uint64_t most, std::string meaning);
  // Positional arguments, in this order. A repeatable one takes all remaining words, also after `--`.
  Option& argument(std::string shape, std::string& variable, std::string meaning);
  Option& argument(std::string shape, std::vector<std::string>& variable, std::string meaning);

  [[nodiscard]] const std::vector<Option>& all() const { return options_; }
  void mark_global();  // marks all options declared so far
  void append(Option option) { add(std::move(option)); }

 private:
  Option& add(Option option);
  std::vector<Option> options_;
};

struct Parsed {
  bool wants_help = false;
  std::vector<std::string> rest;  // with `stops_at_argument`: from the first argument on
};

// Parses, and sets the variables. `stops_at_argument` is for the global options before the command's name.
[[nodiscard]] Result<Parsed> parse(const Options& options, const std::vector<std::string>& arguments,
                                   bool stops_at_argument);

}  // namespace rollcall::cli
