#include "net/sockets/client_limit.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.h"

namespace rollcall::net {
namespace {

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

TEST_CASE("a client has as many connections as the limit says, and another client its own") {
  ClientLimit limit(2);
  const auto first = limit.enter(address("192.0.2.1"));
  const auto second = limit.enter(address("192.0.2.1"));
  CHECK(first);
  CHECK(second);
  CHECK_FALSE(limit.enter(address("192.0.2.1")));
  CHECK(limit.enter(address("192.0.2.2")));
}

TEST_CASE("a connection that ends makes room for one") {
  ClientLimit limit(1);
  std::optional<ClientLimit::Place> place = limit.enter(address("192.0.2.1"));
  CHECK_FALSE(limit.enter(address("192.0.2.1")));
  std::optional<ClientLimit::Place> moved(std::move(place));
  place.reset();
  CHECK_FALSE(limit.enter(address("192.0.2.1")));
  moved.reset();
  CHECK(limit.enter(address("192.0.2.1")));
}

TEST_CASE("the addresses of one IPv6 network are one client") {
  ClientLimit limit(1);
  const auto place = limit.enter(address("2001:db8::1"));
  CHECK_FALSE(limit.enter(address("2001:db8::ffff:1")));
  CHECK(limit.enter(address("2001:db8:0:1::1")));
}

TEST_CASE("loopback, and everybody where there is no limit, has what it likes") {
  ClientLimit limited(1);
  ClientLimit unlimited(0);
  std::vector<ClientLimit::Place> places;
  for (int i = 0; i < 1000; ++i) {
    for (const char* loopback : {"127.0.0.1", "::1"}) {
      auto place = limited.enter(address(loopback));
      REQUIRE(place);
      places.push_back(std::move(*place));
    }
    auto place = unlimited.enter(address("192.0.2.1"));
    REQUIRE(place);
    places.push_back(std::move(*place));
  }
}

}  // namespace
}  // namespace rollcall::net
