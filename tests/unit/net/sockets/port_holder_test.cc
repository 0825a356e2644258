#include "net/sockets/port_holder.h"

#include <unistd.h>

#include "catch.h"
#include "net/sockets/socket.h"

namespace rollcall::net {

TEST_CASE("who has a port is found by its address, by any address, and not among others") {
  const auto dns = bind_dns(*IpEndpoint::parse("127.0.0.1:0"), 1, 1232);
  REQUIRE(dns);
  const std::string us = "(process " + std::to_string(getpid()) + ")";
  for (const Transport transport : {Transport::tcp, Transport::udp}) {
    const auto holder = find_port_holder(dns->endpoint, transport);
    REQUIRE(holder);
    CHECK(holder->find(us) != std::string::npos);
    const auto any = find_port_holder({*IpAddress::parse("0.0.0.0"), dns->endpoint.port}, transport);
    REQUIRE(any);
    CHECK(any->find(us) != std::string::npos);
    CHECK_FALSE(find_port_holder({*IpAddress::parse("127.0.0.2"), dns->endpoint.port}, transport));
  }
}

}  // namespace rollcall::net
