#include <string>

#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 2782: SRV records come by priority", "[roll]") {
  for (const auto* priority : {"30", "10", "20"}) {
    const std::string number(priority);
    register_instance(R"("service":"ordered","id":"p)" + number + R"(","address":"192.0.2.1)" + number +
                      R"(","port":80,"priority":)" + number);
  }
  for (int i = 0; i < 10; ++i) {
    CHECK(answers(ask({"_ordered._tcp.c.test.", Type::srv})) ==
          Lines{"_ordered._tcp.c.test. 1 IN SRV 10 1 80 p10.ordered.c.test.",
                "_ordered._tcp.c.test. 1 IN SRV 20 1 80 p20.ordered.c.test.",
                "_ordered._tcp.c.test. 1 IN SRV 30 1 80 p30.ordered.c.test."});
  }
  // Addresses: of the best priority alone.
  CHECK(answers(ask({"ordered.c.test."})) == Lines{"ordered.c.test. 1 IN A 192.0.2.110"});
}

TEST_CASE("RFC 2782: the target of a service's SRV is not compressed", "[roll]") {
  register_instance(R"("service":"plain","id":"i-1","address":"192.0.2.109","port":80)");
  const Message reply = ask({"_plain._tcp.c.test.", Type::srv});
  REQUIRE(reply.answer().size() == 1);
  const Octets target = name("i-1.plain.c.test.");
  CHECK(reply.answer().front().rdata.size() == 6 + target.size());
}

TEST_CASE("RFC 2782: a target resolves by itself", "[roll]") {
  register_instance(R"("service":"plain","id":"i-1","address":"192.0.2.109","port":80)");
  register_instance(R"("service":"plain","id":"Odd:id:7","address":"192.0.2.111","port":81)");
  const Message reply = ask({"_plain._tcp.c.test.", Type::srv});
  CHECK(reply.answer().size() == 2);
  for (const Record& srv : reply.answer()) {
    const std::string target = name_text({srv.rdata.begin() + 6, srv.rdata.end()});
    CHECK(shape(ask({target})) == "NOERROR AA 1/0/0");
  }
}

TEST_CASE("RFC 2181 §5: instances that share an address have it once", "[roll]") {
  register_instance(R"("service":"shared","id":"i-1","address":"192.0.2.112","port":80)");
  register_instance(R"("service":"shared","id":"i-2","address":"192.0.2.112","port":81)");
  CHECK(answers(ask({"shared.c.test."})) == Lines{"shared.c.test. 1 IN A 192.0.2.112"});
  CHECK(ask({"shared.c.test.", Type::srv}).answer().size() == 2);
}

}  // namespace
}  // namespace rollcall::conformance
