#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 3597 §5: a record of a type nobody knows is served as it was written") {
  const Message reply = ask({"unknown.c.test.", static_cast<Type>(65400)});
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  CHECK(reply.answer().front().rdata == Octets{0xde, 0xad, 0xbe, 0xef});
}

}  // namespace
}  // namespace rollcall::conformance
