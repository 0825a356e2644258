#include "base/digest.h"

#include <string>

#include "catch.h"

namespace rollcall {
namespace {

// FIPS 180-4's own examples.
TEST_CASE("SHA-256 is the one of the standard") {
  CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("a digest is read as it is written, in either case") {
  const Sha256 digest = sha256("abc");
  CHECK(parse_sha256(to_hex(digest)) == digest);
  CHECK(parse_sha256("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD") == digest);
  CHECK_FALSE(parse_sha256(to_hex(digest).substr(1)));
  CHECK_FALSE(parse_sha256(to_hex(digest) + "0"));
  CHECK_FALSE(parse_sha256(std::string(63, '0') + "g"));
  CHECK_FALSE(parse_sha256(""));
}

TEST_CASE("what is compared in constant time is equal when it is equal") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("token", "token"));
  CHECK_FALSE(equal_in_constant_time("token", "tokem"));
  CHECK_FALSE(equal_in_constant_time("token", "tokens"));
  CHECK_FALSE(equal_in_constant_time(sha256("a"), sha256("b")));
}

}  // namespace
}  // namespace rollcall
