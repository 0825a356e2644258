#include "base/ip_prefix.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "catch.h"

namespace rollcall {
namespace {

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

IpPrefixSet set_of(const std::vector<std::string>& texts) {
  std::vector<IpPrefix> prefixes;
  for (const std::string& text : texts) prefixes.push_back(IpPrefix::parse(text).value());
  return IpPrefixSet(prefixes);
}

TEST_CASE("a network is an address and a length") {
  CHECK(IpPrefix::parse("192.0.2.0/24")->text() == "192.0.2.0/24");
  CHECK(IpPrefix::parse("2001:db8::/32")->text() == "2001:db8::/32");
  CHECK(IpPrefix::parse("0.0.0.0/0")->text() == "0.0.0.0/0");
  CHECK(IpPrefix::parse("192.0.2.7")->text() == "192.0.2.7/32");
  CHECK(IpPrefix::parse("2001:db8::7")->text() == "2001:db8::7/128");
  CHECK(IpPrefix::parse("192.0.2.129/32")->bits() == 32);
}

TEST_CASE("an IPv4 network may be written as mapped into IPv6") {
  CHECK(IpPrefix::parse("::ffff:192.0.2.0/120")->text() == "192.0.2.0/24");
  CHECK_FALSE(IpPrefix::parse("::ffff:192.0.2.0/24"));
}

TEST_CASE("what is no network is not read as one") {
  for (const char* text :
       {"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/8x", "2001:db8::/129",
        "192.0.2/24", "192.0.2.0 /24", "192.0.2.0/24/24", "x/8", "192.0.2.0/99999999999999"}) {
    INFO(text);
    CHECK_FALSE(IpPrefix::parse(text));
  }
}

TEST_CASE("a network with a bit set behind its prefix is a mistake") {
  CHECK_FALSE(IpPrefix::parse("192.0.2.1/24"));
  CHECK_FALSE(IpPrefix::parse("128.0.0.0/0"));
  CHECK_FALSE(IpPrefix::parse("2001:db8::1/64"));
  CHECK(IpPrefix::parse("192.0.2.128/25"));
  CHECK_FALSE(IpPrefix::parse("192.0.2.64/25"));
}

TEST_CASE("a network contains what begins with it, in its own family") {
  const IpPrefix v4 = *IpPrefix::parse("192.0.2.128/25");
  CHECK(v4.contains(address("192.0.2.128")));
  CHECK(v4.contains(address("192.0.2.255")));
  CHECK_FALSE(v4.contains(address("192.0.2.127")));
  CHECK_FALSE(v4.contains(address("192.0.3.0")));
  CHECK_FALSE(IpPrefix::parse("0.0.0.0/0")->contains(address("2001:db8::1")));
  CHECK_FALSE(IpPrefix::parse("::/0")->contains(address("192.0.2.1")));
  CHECK(IpPrefix::parse("::/0")->contains(address("2001:db8::1")));
}

TEST_CASE("a set contains what any of its networks does") {
  const IpPrefixSet set = set_of({"203.0.113.0/24", "192.0.2.0/28", "192.0.2.4/31", "2001:db8::/33", "192.0.2.200"});
  for (const char* inside : {"192.0.2.0", "192.0.2.15", "192.0.2.5", "192.0.2.200", "203.0.113.255", "2001:db8::1"}) {
    INFO(inside);
    CHECK(set.contains(address(inside)));
  }
  for (const char* outside : {"192.0.1.255", "192.0.2.16", "192.0.2.199", "192.0.2.201", "203.0.114.0", "0.0.0.0",
                              "255.255.255.255", "2001:db8:8000::", "::", "ffff::"}) {
    INFO(outside);
    CHECK_FALSE(set.contains(address(outside)));
  }
  CHECK_FALSE(IpPrefixSet().contains(address("192.0.2.1")));
  CHECK(IpPrefixSet().empty());
}

TEST_CASE("a set agrees with its networks one by one") {
  std::vector<IpPrefix> prefixes;
  for (const char* text : {"192.0.2.0/24", "192.0.2.64/26", "192.0.0.0/16", "198.51.100.17", "198.51.100.16/30",
                           "128.0.0.0/2", "10.0.0.0/8"}) {
    prefixes.push_back(*IpPrefix::parse(text));
  }
  const IpPrefixSet set(prefixes);
  for (unsigned i = 0; i < 1U << 16; ++i) {
    const std::uint32_t bits = i * 65'537U;
    const std::array<std::uint8_t, 4> octets{static_cast<std::uint8_t>(bits >> 24),
                                             static_cast<std::uint8_t>(bits >> 16),
                                             static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits)};
    const IpAddress each = IpAddress::v4(octets);
    const bool any = std::ranges::any_of(prefixes, [&](const IpPrefix& prefix) { return prefix.contains(each); });
    REQUIRE(set.contains(each) == any);
  }
}

}  // namespace
}  // namespace rollcall
