#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

const Octets k_www_query = message({}, {question("www.c.test.", Type::a)});

void check_www(const std::optional<Octets>& octets) {
  REQUIRE(octets);
  const auto reply = parse_message(*octets);
  REQUIRE(reply);
  CHECK(answers(*reply) == Lines{"www.c.test. 60 IN A 192.0.2.1"});
}

TEST_CASE("RFC 1035 §4.2.2: a query that comes octet by octet is answered once it is whole") {
  Tcp connection(dns_server());
  for (const std::uint8_t octet : with_length(k_www_query)) connection.send_raw({octet});
  check_www(connection.receive());
}

TEST_CASE("RFC 1035 §4.2.2: length and message may come in separate segments") {
  Tcp connection(dns_server());
  const Octets framed = with_length(k_www_query);
  connection.send_raw({framed.begin(), framed.begin() + 2});
  connection.send_raw({framed.begin() + 2, framed.end()});
  check_www(connection.receive());
}

TEST_CASE("RFC 7766 §8: an answer's length and message are written at once") {
  Tcp connection(dns_server());
  connection.send(k_www_query);
  const Octets segment = connection.receive_segment();
  REQUIRE(segment.size() > 2);
  CHECK(segment.size() == 2U + (static_cast<std::size_t>(segment[0]) << 8 | segment[1]));
}

TEST_CASE("RFC 1035 §4.2.2: what is shorter than a header ends the connection") {
  for (const std::size_t size : {0U, 11U}) {
    INFO(size);
    Tcp connection(dns_server());
    connection.send(Octets(size));
    CHECK(connection.is_closed_by_peer());
  }
}

TEST_CASE("RFC 1035 §4.2.2: a connection survives a query that cannot be understood") {
  Tcp connection(dns_server());
  connection.send(message({.questions = 1}, {Octets{0xc0, 12, 0, 1, 0, 1}}));
  connection.send(k_www_query);
  const std::optional<Octets> first = connection.receive();
  REQUIRE(first);
  CHECK(shape(parse_message(*first).value()) == "FORMERR 0/0/0");
  check_www(connection.receive());
}

}  // namespace
}  // namespace rollcall::conformance
