// A scenario as it is written: commands at the start of a line, what is expected of each indented below it.
//
//   register web i-1 192.0.2.1:8080 ttl=15s     # a comment
//     created label=i-1
//   pass 14.999s
//   query A web.svc.internal
//     NOERROR aa
//     web.svc.internal. 0 A 192.0.2.1
//
// docs: tests/scenario/README.md lists the commands.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall::testing {

struct Line {
  int number = 0;
  std::string text;
};

struct Command {
  Line line;
  std::vector<std::string> words;
  std::vector<Line> indented;
};

[[nodiscard]] std::vector<Command> read_script(const std::filesystem::path& file);

[[nodiscard]] std::vector<std::string> split(std::string_view text, char at = ' ');

// "15s", "14.999s", "1m30s", "1ns". Throws for anything else.
[[nodiscard]] std::chrono::nanoseconds parse_time(std::string_view text);

// The words `name=value` of a command.
class Options {
 public:
  explicit Options(const std::vector<std::string>& words);
  // Each option is taken once; what is left was a mistake of the script.
  [[nodiscard]] std::optional<std::string> take(std::string_view name);
  void expect_none_left() const;

 private:
  std::vector<std::pair<std::string, std::string>> options_;
};

}  // namespace rollcall::testing
