#include "base/counted.h"

#include <cstdint>

#include "catch.h"

namespace rollcall {
namespace {

TEST_CASE("one of a kind has no s") {
  CHECK(counted(1, "instance") == "1 instance");
  CHECK(counted(0U, "instance") == "0 instances");
  CHECK(counted(std::uint64_t{2}, "instance") == "2 instances");
  CHECK(counted(-1, "step") == "-1 steps");
}

TEST_CASE("a plural without an s alone is given") {
  CHECK(counted(1, "more try", "more tries") == "1 more try");
  CHECK(counted(3, "more try", "more tries") == "3 more tries");
}

}  // namespace
}  // namespace rollcall
