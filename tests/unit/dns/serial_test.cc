// Serial numbers go in a circle.
#include "dns/serial.h"

#include "catch.h"

namespace rollcall::dns {
namespace {

constexpr Serial k_half = Serial{1} << 31;

TEST_CASE("RFC 1982 §3.2: the later of two serials is the one less than half a circle ahead") {
  CHECK(is_newer(1, 0));
  CHECK_FALSE(is_newer(0, 1));
  CHECK_FALSE(is_newer(7, 7));
  CHECK(is_newer(k_half - 1, 0));
  CHECK_FALSE(is_newer(0, k_half - 1));
}

TEST_CASE("RFC 1982 §3.2: after the last serial comes the first") {
  CHECK(is_newer(0, 0xffffffff));
  CHECK_FALSE(is_newer(0xffffffff, 0));
  CHECK(is_newer(100, 0xffffff00));
}

TEST_CASE("RFC 1982 §3.2: of two serials half a circle apart neither is newer") {
  CHECK_FALSE(is_newer(k_half, 0));
  CHECK_FALSE(is_newer(0, k_half));
}

}  // namespace
}  // namespace rollcall::dns
