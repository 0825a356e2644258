#include <boost/json/parse.hpp>
#include <string>

#include "catch.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/instance_table.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/table.h"
#include "tools/rollcall/terminal.h"

namespace rollcall::cli {
namespace {

TEST_CASE("columns are as wide as what they show, colours and long characters not counted") {
  Table table({"NAME", "N"});
  table.add({colored(true, Color::red, "ü"), "1"});
  table.add({"longer", "2"});
  CHECK(table.text(false) == "NAME    N\n\x1b[31mü\x1b[0m       1\nlonger  2\n");
}

TEST_CASE("a table without rows has its headings") { CHECK(Table({"A", "B"}).text(false) == "A  B\n"); }

TEST_CASE("text from outside cannot move the cursor") {
  CHECK(printable("a\x1b[2Jb\nc\x7f") == "a\uFFFD[2Jb\uFFFDc\uFFFD");
  CHECK(printable("\xC2\x9B"
                  "31m") == "\uFFFD31m");  // CSI in a single character
  CHECK(printable("grün") == "grün");
}

TEST_CASE("times are short") {
  CHECK(short_time(0) == "0.0s");
  CHECK(short_time(9'870) == "9.8s");
  CHECK(short_time(60'000) == "1m 0s");
  CHECK(short_time(3'660'000) == "1h 1m");
}

TEST_CASE("a target is encoded, and has what was asked for") {
  CHECK(target_of("/v1/services", {}) == "/v1/services");
  CHECK(target_of("/v1/services", {"web", "/instances", "a/b?c", ""}, {{"zone", ""}, {"wait", "1s"}}) ==
        "/v1/services/web/instances/a%2Fb%3Fc?wait=1s");
  CHECK(target_of("/v1/events", {}, {{"service", "a&b"}, {"id", "ü"}}) == "/v1/events?service=a%26b&id=%C3%BC");
}

TEST_CASE("the fields of an answer are read without trust") {
  const auto value = boost::json::parse(R"({"a":"x\ny","n":7,"f":1.5,"l":["1",2,null],"o":{},"z":null})");
  CHECK(text_at(value, "a") == "x\uFFFDy");
  CHECK(raw_text_at(value, "a") == "x\ny");
  CHECK(text_at(value, "n") == "7");
  CHECK(text_at(value, "z").empty());
  CHECK(text_at(value, "nothing").empty());
  CHECK(number_at(value, "n") == 7);
  CHECK(number_at(value, "f") == 0);
  CHECK(number_at(value, "a") == 0);
  CHECK(list_at(value, "l") == "1,2,null");
  CHECK(rows_at(value, "l").value()->size() == 3);
  CHECK(rows_at(value, "o").error().code == Errc::unreachable);
  CHECK(text_at(boost::json::value(7), "a").empty());
}

}  // namespace
}  // namespace rollcall::cli
