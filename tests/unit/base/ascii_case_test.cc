#include "base/ascii_case.h"

#include "catch.h"

namespace rollcall {
namespace {

TEST_CASE("letters of ASCII lose their case, and nothing else changes") {
  CHECK(to_lower("AZaz@[`{09-_") == "azaz@[`{09-_");
  CHECK(to_lower("\xc3\x84") == "\xc3\x84");
  CHECK(to_lower(std::string_view()).empty());
}

}  // namespace
}  // namespace rollcall
