#include "base/printable.h"

#include "catch.h"

namespace rollcall {
namespace {

TEST_CASE("what is escaped is one line of printable ASCII, and quotes in it are no ends") {
  CHECK(escape("") == "");
  CHECK(escape("web-1 ~") == "web-1 ~");
  CHECK(escape(R"(a"b\c)") == R"(a\"b\\c)");
  CHECK(escape("a\r\nb\t\x7f") == R"(a\x0d\x0ab\x09\x7f)");
  CHECK(escape(std::string_view("\0\x1b[2J", 5)) == R"(\x00\x1b[2J)");
  CHECK(escape("\u00e4\u2028") == R"(\xc3\xa4\xe2\x80\xa8)");
}

}  // namespace
}  // namespace rollcall
