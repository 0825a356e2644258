#include <set>

#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 7766 §6.2.1.1: queries sent back to back are all answered, each with its id") {
  Tcp connection(dns_server());
  Octets sent;
  constexpr std::uint16_t k_count = 100;
  for (std::uint16_t id = 0; id < k_count; ++id) {
    const Octets query =
        with_length(message({.id = id}, {question(id % 2 == 0 ? "www.c.test." : "a60.c.test.", Type::a)}));
    sent.insert(sent.end(), query.begin(), query.end());
  }
  connection.send_raw(sent);
  std::set<std::uint16_t> answered;
  for (std::uint16_t i = 0; i < k_count; ++i) {
    const std::optional<Octets> octets = connection.receive();
    REQUIRE(octets);
    const auto reply = parse_message(*octets);
    REQUIRE(reply);
    CHECK(reply->answer().size() == (reply->id % 2 == 0 ? 1 : 60));
    answered.insert(reply->id);
  }
  CHECK(answered.size() == k_count);
}

TEST_CASE("RFC 7766 §6.2.4: a client that has closed its side is answered before the connection ends") {
  Tcp connection(dns_server());
  connection.send(message({}, {question("www.c.test.", Type::a)}));
  connection.close_writing();
  const std::optional<Octets> octets = connection.receive();
  REQUIRE(octets);
  CHECK(shape(parse_message(*octets).value()) == "NOERROR AA 1/0/0");
  CHECK(connection.is_closed_by_peer());
}

TEST_CASE("RFC 7766 §5: what does not fit over UDP is whole over TCP, on the same port") {
  CHECK(head(ask({"srv60.c.test.", Type::srv})) == "NOERROR AA TC");
  CHECK(shape(ask({"srv60.c.test.", Type::srv}, Over::tcp)) == "NOERROR AA 60/0/0");
}

}  // namespace
}  // namespace rollcall::conformance
