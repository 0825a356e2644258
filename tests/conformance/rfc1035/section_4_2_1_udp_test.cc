#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 1035 §4.2.1: 508 octets fit into a datagram without EDNS") {
  const Message reply = ask({"a30.c.test."});
  CHECK(shape(reply) == "NOERROR AA 30/0/0");
  CHECK(reply.octets.size() == 508);
}

TEST_CASE("RFC 1035 §4.2.1: 524 octets do not") {
  const Message reply = ask({"a31.c.test."});
  CHECK(head(reply) == "NOERROR AA TC");
  CHECK(reply.octets.size() <= 512);
}

}  // namespace
}  // namespace rollcall::conformance
