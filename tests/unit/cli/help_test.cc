#include "tools/rollcall/help.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>
#include <string>

#include "catch.h"
#include "tools/rollcall/completion.h"
#include "tools/rollcall/terminal.h"

namespace rollcall::cli {
namespace {

TEST_CASE("every command is told of in the overview, its help, its man page and the completions") {
  for (const Command* command : commands()) {
    INFO(command->name);
    const std::string name(command->name);
    CHECK(overview().find("\n  " + name + " ") != std::string::npos);
    CHECK(help_of(*command).starts_with("rollcall " + name + ": "));
    CHECK(manual_of(*command).starts_with(".TH ROLLCALL-"));
    CHECK(find_command(name) == command);
    CHECK_FALSE(command->description.empty());
    CHECK_FALSE(command->examples.empty());
    for (const char* shell : {"bash", "zsh", "fish"}) CHECK(completion_for(shell).find(name) != std::string::npos);
  }
  CHECK(find_command("nonsense") == nullptr);
}

TEST_CASE("no two commands, and no two options of one, have the same name") {
  std::set<std::string_view> names;
  for (const Command* command : commands()) {
    CHECK(names.insert(command->name).second);
    std::set<std::string> options;
    const Options declared = options_of(command, true);
    for (const Option& option : declared.all()) {
      INFO(command->name << " " << option.name);
      CHECK(options.insert(std::string(option.long_name())).second);
    }
  }
}

TEST_CASE("help is no wider than a terminal of a hundred columns") {
  std::string all = overview();
  for (const Command* command : commands()) all += help_of(*command);
  std::size_t at = 0;
  for (std::size_t end = all.find('\n'); end != std::string::npos; at = end + 1, end = all.find('\n', at)) {
    const std::string line = all.substr(at, end - at);
    // Usage and examples are command lines: they are not cut.
    if (line.starts_with("Usage: ") || line.starts_with("  rollcall ") || line.starts_with("  # ")) continue;
    INFO(line);
    CHECK(columns_of(line) <= 100);
  }
}

TEST_CASE("a man page has no line that roff would take for a request of ours") {
  for (const Command* command : commands()) {
    const std::string page = manual_of(*command);
    CHECK(page.find("\n.SH DESCRIPTION\n") != std::string::npos);
    CHECK(page.find("\n'") == std::string::npos);
    CHECK(page.find("\n--") == std::string::npos);  // a hyphen, where a minus is meant
  }
}

}  // namespace
}  // namespace rollcall::cli
