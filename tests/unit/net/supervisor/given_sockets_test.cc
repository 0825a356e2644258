#include "net/supervisor/given_sockets.h"

#include "catch.h"

namespace rollcall::net {
namespace {

struct Bound {
  DnsSockets dns = std::move(*bind_dns(*IpEndpoint::parse("127.0.0.1:0"), 1, 1232));
  TcpSocket http = std::move(*bind_tcp(*IpEndpoint::parse("127.0.0.1:0")));
};

std::vector<NamedSocket> given(Bound& bound, const std::string& name) {
  std::vector<NamedSocket> sockets;
  sockets.push_back({std::move(bound.http.descriptor), name});
  sockets.push_back({std::move(bound.dns.tcp), name});
  sockets.push_back({std::move(bound.dns.udp.front()), name});
  return sockets;
}

}  // namespace

TEST_CASE("sockets without a name of a kind are known by their transport and address") {
  Bound bound;
  const auto sorted = sort_by_kind(given(bound, "rollcalld.socket"), {});
  REQUIRE(sorted);
  REQUIRE(sorted->dns.size() == 1);
  CHECK(sorted->dns.front().endpoint == bound.dns.endpoint);
  CHECK(sorted->dns.front().udp.size() == 1);
  REQUIRE(sorted->http.size() == 1);
  CHECK(sorted->http.front().endpoint == bound.http.endpoint);
  CHECK(sorted->https.empty());
}

TEST_CASE("a socket at an address of TLS is for TLS") {
  Bound bound;
  const auto sorted = sort_by_kind(given(bound, "x"), {.dns = {}, .http = {bound.http.endpoint}});
  REQUIRE(sorted);
  CHECK(sorted->http.empty());
  CHECK(sorted->https.size() == 1);
}

TEST_CASE("a name beats the address") {
  Bound bound;
  std::vector<NamedSocket> sockets;
  sockets.push_back({std::move(bound.http.descriptor), "dot"});
  const auto sorted = sort_by_kind(std::move(sockets), {.dns = {*IpEndpoint::parse("127.0.0.1:853")}, .http = {}});
  REQUIRE(sorted);
  CHECK(sorted->dns_tls.size() == 1);
}

TEST_CASE("half of DNS, TLS without settings, and a socket of another kind are refused with a sentence") {
  Bound bound;
  auto sockets = given(bound, "x");
  sockets.erase(sockets.begin() + 1);
  CHECK(sort_by_kind(std::move(sockets), {}).error().message.find("add ListenStream=127.0.0.1:") != std::string::npos);

  Bound other;
  std::vector<NamedSocket> https;
  https.push_back({std::move(other.http.descriptor), "https"});
  CHECK(sort_by_kind(std::move(https), {}).error().message.find("[http.tls] is not set") != std::string::npos);

  std::vector<NamedSocket> local;
  local.push_back({Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), "http"});
  CHECK(sort_by_kind(std::move(local), {}).error().message.find("is none of IPv4 or IPv6") != std::string::npos);

  std::vector<NamedSocket> idle;
  idle.push_back({Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), "http"});
  CHECK(sort_by_kind(std::move(idle), {}).error().message.find("takes no connections") != std::string::npos);
}

TEST_CASE("workers share the sockets that were given, and each socket has one") {
  DnsSockets three = std::move(*bind_dns(*IpEndpoint::parse("127.0.0.1:0"), 3, 1232));
  REQUIRE(adopt_dns(three, 2, 1232));
  CHECK(three.udp.size() == 3);
  REQUIRE(adopt_dns(three, 5, 1232));
  CHECK(three.udp.size() == 5);
  CHECK(own_endpoint(three.udp.back()) == three.endpoint);
}

TEST_CASE("the receive buffer of a socket that was given is never made smaller") {
  DnsSockets sockets = std::move(*bind_dns(*IpEndpoint::parse("127.0.0.1:0"), 1, 1232));
  const int socket = sockets.udp.front().get();
  const auto buffer = [&] {
    int octets = 0;
    socklen_t size = sizeof(octets);
    getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &octets, &size);
    return octets;
  };
  const int wanted = 16 << 20;
  const bool may_force = setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof(wanted)) == 0;  // root
  const int before = buffer();
  if (may_force) REQUIRE(before >= wanted);
  REQUIRE(adopt_dns(sockets, 1, 1232));
  CHECK(buffer() >= before);

  const int small = 4'096;
  setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  const int shrunk = buffer();
  REQUIRE(adopt_dns(sockets, 1, 1232));
  CHECK(buffer() > shrunk);
}

}  // namespace rollcall::net
