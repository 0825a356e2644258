#include "tools/rollcall/options.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "catch.h"

namespace rollcall::cli {
namespace {

using Words = std::vector<std::string>;
using std::chrono::milliseconds;

// One of each kind.
struct Everything {
  bool flag = false;
  std::string text = "before";
  std::vector<std::string> list{"default"};
  milliseconds time{1};
  std::optional<std::uint64_t> number;
  std::string choice = "a";
  std::string argument;
  std::vector<std::string> rest;
  Options options;

  Everything() {
    options.flag("-f,--flag", flag, "a flag");
    options.value("--text", "TEXT", text, "a text");
    options.value("--list", "ITEM", list, "a list");
    options.value("--time", "TIME", time, "a time");
    options.number("--number", "N", number, 1, 9, "a number");
    options.value("--choice", "CHOICE", choice, "a choice").one_of({"a", "b"});
    options.argument("ARGUMENT", argument, "an argument").required();
    options.argument("REST", rest, "what is left");
  }

  Result<Parsed> parse(const Words& words) { return cli::parse(options, words, false); }
  std::string mistake(const Words& words) {
    const auto parsed = parse(words);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Errc::start_up);
    return parsed.error().message;
  }
};

TEST_CASE("every kind of option is read, in any order") {
  Everything all;
  REQUIRE(all.parse({"-f", "x", "--text=a b", "--list", "1", "--time", "1m30s", "--list", "2", "--number", "9",
                     "--choice", "b", "--", "--y", "z"}));
  CHECK(all.flag);
  CHECK(all.text == "a b");
  CHECK(all.list == Words{"1", "2"});
  CHECK(all.time == std::chrono::seconds(90));
  CHECK(all.number == 9);
  CHECK(all.choice == "b");
  CHECK(all.argument == "x");
  CHECK(all.rest == Words{"--y", "z"});
}

TEST_CASE("what is not given keeps its default") {
  Everything all;
  REQUIRE(all.parse({"x"}));
  CHECK_FALSE(all.flag);
  CHECK(all.text == "before");
  CHECK(all.list == Words{"default"});
  CHECK(all.time == milliseconds(1));
  CHECK_FALSE(all.number);
}

TEST_CASE("a mistake names the option and what it wants") {
  CHECK(Everything().mistake({}) == "ARGUMENT is missing");
  CHECK(Everything().mistake({"x", "--number", "10"}) == "--number must be 1 to 9, not 10");
  CHECK(Everything().mistake({"x", "--number", "0"}) == "--number must be 1 to 9, not 0");
  CHECK(Everything().mistake({"x", "--number", "1x"}) == "--number must be 1 to 9, not 1x");
  CHECK(Everything().mistake({"x", "--number", "99999999999999999999999"}) ==
        "--number must be 1 to 9, not 99999999999999999999999");
  CHECK(Everything().mistake({"x", "--time", "soon"}) ==
        "--time must be a duration such as 500ms, 15s or 1m30s, not soon");
  CHECK(Everything().mistake({"x", "--choice", "c"}) == "--choice must be a or b, not c");
  CHECK(Everything().mistake({"x", "--text", "1", "--text", "2"}) == "--text is given twice");
  CHECK(Everything().mistake({"x", "--nonsense"}) == "--nonsense: no such option");
  CHECK(Everything().mistake({"x", "--text"}).find("--text") != std::string::npos);
}

TEST_CASE("help is found among mistakes") {
  Everything all;
  const auto parsed = all.parse({"--number", "10", "--help"});
  REQUIRE(parsed);
  CHECK(parsed->wants_help);
}

TEST_CASE("what stands before the command's name is read up to there") {
  bool flag = false;
  Options options;
  options.flag("--flag", flag, "a flag");
  const auto parsed = parse(options, {"--flag", "list", "--tag", "x"}, true);
  REQUIRE(parsed);
  CHECK(flag);
  CHECK(parsed->rest == Words{"list", "--tag", "x"});
}

}  // namespace
}  // namespace rollcall::cli
