#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

const Octets k_stateful_keepalive{0, 1, 0, 8, 0, 0, 0x3a, 0x98, 0, 0, 0x3a, 0x98};

TEST_CASE("RFC 8490 §4.2: a stateful operation over UDP is NOTIMP") {
  const Message reply = exchange(message({.flags = opcode_bits(6), .questions = 0}, {k_stateful_keepalive}));
  CHECK(shape(reply) == "NOTIMP 0/0/0");
}

TEST_CASE("RFC 8490 §5.1: where there are no stateful operations they are NOTIMP, and the connection goes on") {
  Tcp connection(dns_server());
  connection.send(message({.flags = opcode_bits(6), .questions = 0}, {k_stateful_keepalive}));
  const std::optional<Octets> refused = connection.receive();
  REQUIRE(refused);
  const Message reply = parse_message(*refused).value();
  CHECK(reply.opcode() == 6);
  CHECK(shape(reply) == "NOTIMP 0/0/0");
  connection.send(message({}, {question("www.c.test.", Type::a)}));
  const std::optional<Octets> answered = connection.receive();
  REQUIRE(answered);
  CHECK(shape(parse_message(*answered).value()) == "NOERROR AA 1/0/0");
}

}  // namespace
}  // namespace rollcall::conformance
