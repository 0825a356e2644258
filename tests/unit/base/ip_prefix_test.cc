#include "base/ip_prefix.h"

#include "catch.h"

namespace rollcall {
namespace {

bool contains(const char* prefix, const char* address) {
  return IpPrefix::parse(prefix).value().contains(IpAddress::parse(address).value());
}

TEST_CASE("a prefix contains the addresses that begin with it") {
  CHECK(contains("192.0.2.0/24", "192.0.2.255"));
  CHECK_FALSE(contains("192.0.2.0/24", "192.0.3.0"));
  CHECK(contains("192.0.2.128/25", "192.0.2.128"));
  CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  CHECK(contains("2001:db8::/32", "2001:db8:ffff::1"));
  CHECK_FALSE(contains("2001:db8::/32", "2001:db9::1"));
  CHECK(contains("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(contains("192.0.2.1", "192.0.2.2"));
  CHECK(contains("0.0.0.0/0", "203.0.113.1"));
  CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
}

TEST_CASE("what is no prefix is not read as one") {
  for (const char* text : {"", "192.0.2.0/33", "192.0.2.1/24", "192.0.2.0/", "192.0.2.0/+8", "192.0.2.0/-1",
                           "2001:db8::/129", "2001:db8::1/64", "192.0.2/24", "/8", "192.0.2.0/8/8"}) {
    INFO(text);
    CHECK_FALSE(IpPrefix::parse(text));
  }
}

}  // namespace
}  // namespace rollcall
