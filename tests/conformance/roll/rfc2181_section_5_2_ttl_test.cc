#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 2181 §5.2: the records of a service have one TTL, which outlives no lease", "[roll]") {
  register_instance(R"("service":"brief","id":"long","address":"192.0.2.114","port":80)");
  register_instance(R"("service":"brief","id":"short","address":"192.0.2.115","port":80)", "1s");
  const std::uint16_t either = GENERATE(std::uint16_t{1}, std::uint16_t{33});
  // With less than a second left for one of the two, neither may be remembered.
  Message reply = ask({"brief.c.test.", static_cast<Type>(either)});
  while (reply.answer().size() == 2 && reply.answer()[0].ttl == 1) {
    CHECK(reply.answer()[1].ttl == 1);
    reply = ask({"brief.c.test.", static_cast<Type>(either)});
  }
  REQUIRE(reply.answer().size() == 2);
  CHECK(reply.answer()[0].ttl == 0);
  CHECK(reply.answer()[1].ttl == 0);
  CHECK(ask({"long.brief.c.test."}).answer().at(0).ttl == 1);
}

TEST_CASE("RFC 2308 §3: a denial below a service has the TTL of the zone's denials", "[roll]") {
  register_instance(R"("service":"brief","id":"long","address":"192.0.2.114","port":80)");
  CHECK(ask({"nobody.brief.c.test."}).authority().at(0).ttl == 30);
}

}  // namespace
}  // namespace rollcall::conformance
