#include "base/ip_address.h"

#include <string>
#include <vector>

#include "catch.h"

namespace rollcall {
namespace {

std::string text_of(std::string_view literal) {
  const auto address = IpAddress::parse(literal);
  return address ? address->text() : "none";
}

TEST_CASE("an address is the bytes of A or AAAA, in network order") {
  const auto v4 = IpAddress::parse("192.0.2.1");
  REQUIRE(v4);
  CHECK(v4->is_v4());
  CHECK(std::ranges::equal(v4->bytes(), std::vector<std::uint8_t>{192, 0, 2, 1}));
  const auto v6 = IpAddress::parse("2001:db8::1");
  REQUIRE(v6);
  CHECK(v6->is_v6());
  CHECK(std::ranges::equal(v6->bytes(),
                           std::vector<std::uint8_t>{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST_CASE("IPv6 is written as RFC 5952 has it") {
  CHECK(text_of("2001:DB8:0:0:0:0:0:1") == "2001:db8::1");
  CHECK(text_of("2001:db8:0:0:1:0:0:1") == "2001:db8::1:0:0:1");
  CHECK(text_of("2001:db8::0001") == "2001:db8::1");
  CHECK(text_of("::") == "::");
}

TEST_CASE("an IPv4-mapped IPv6 address is the IPv4 address") {
  CHECK(IpAddress::parse("::ffff:192.0.2.1") == IpAddress::parse("192.0.2.1"));
  CHECK(IpAddress::parse("::ffff:c000:201") == IpAddress::parse("192.0.2.1"));
  CHECK(text_of("::ffff:0.0.0.0") == "0.0.0.0");
}

TEST_CASE("what is no address literal is refused") {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "192.0.2.1.1", "192.0.2.01", " 192.0.2.1", "192.0.2.1 ",
                           "192.0.2.1/24", "0x7f.0.0.1", "3221225985", "localhost", "2001:db8", "2001:db8:::1",
                           "fe80::1%eth0", "[::1]", "1:2:3:4:5:6:7:8:9", "::12345"}) {
    INFO(text);
    CHECK_FALSE(IpAddress::parse(text).has_value());
  }
  CHECK_FALSE(IpAddress::parse(std::string_view("192.0.2.1\0", 10)).has_value());
  CHECK_FALSE(IpAddress::parse(std::string(1000, '1')).has_value());
}

TEST_CASE("addresses nobody can be sent to are known as such") {
  CHECK(IpAddress::parse("0.0.0.0")->is_unspecified());
  CHECK(IpAddress::parse("::")->is_unspecified());
  CHECK_FALSE(IpAddress::parse("0.0.0.1")->is_unspecified());
  CHECK(IpAddress::parse("224.0.0.1")->is_multicast());
  CHECK(IpAddress::parse("239.255.255.255")->is_multicast());
  CHECK(IpAddress::parse("255.255.255.255")->is_multicast());
  CHECK(IpAddress::parse("ff02::1")->is_multicast());
  CHECK_FALSE(IpAddress::parse("223.255.255.255")->is_multicast());
  CHECK_FALSE(IpAddress::parse("240.0.0.1")->is_multicast());
  CHECK_FALSE(IpAddress::parse("fe80::1")->is_multicast());
  CHECK(IpAddress::parse("127.255.0.1")->is_loopback());
  CHECK(IpAddress::parse("::1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("2001:db8::1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("::2")->is_loopback());
}

TEST_CASE("addresses of two families are never the same, and have an order") {
  CHECK(*IpAddress::parse("192.0.2.1") != *IpAddress::parse("c000:201::"));
  CHECK(*IpAddress::parse("192.0.2.1") < *IpAddress::parse("192.0.2.2"));
}

TEST_CASE("an endpoint is read and written as ADDR:PORT, IPv6 in brackets") {
  for (const char* text : {"192.0.2.1:53", "[2001:db8::1]:8600", "127.0.0.1:0", "[::]:65535"}) {
    INFO(text);
    const auto endpoint = IpEndpoint::parse(text);
    REQUIRE(endpoint);
    CHECK(endpoint->text() == text);
  }
  CHECK(IpEndpoint::parse("192.0.2.1:53")->port == 53);
}

TEST_CASE("what is no endpoint is refused") {
  for (const char* text : {"",
                           ":",
                           ":53",
                           "53",
                           "192.0.2.1",
                           "192.0.2.1:",
                           "192.0.2.1:65536",
                           "192.0.2.1:-1",
                           "192.0.2.1:+1",
                           "192.0.2.1: 53",
                           "192.0.2.1:53x",
                           "192.0.2.1:0x35",
                           "[192.0.2.1]:53",
                           "::1:53",
                           "2001:db8::1",
                           "[::1]",
                           "[::1",
                           "[::1]53",
                           "[::1]:",
                           "[]:53",
                           "localhost:53",
                           "*:53"}) {
    INFO(text);
    CHECK_FALSE(IpEndpoint::parse(text).has_value());
  }
}

}  // namespace
}  // namespace rollcall
