#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

void register_wild() {
  register_instance(R"("zone":"w.test","service":"web","id":"i-1","address":"192.0.2.108","port":80)");
}

TEST_CASE("RFC 4592 §3.3.1: a service is closer than a wildcard", "[roll]") {
  CHECK(answers(ask({"other.w.test."})) == Lines{"other.w.test. 60 IN A 192.0.2.99"});
  register_wild();
  CHECK(answers(ask({"web.w.test."})) == Lines{"web.w.test. 1 IN A 192.0.2.108"});
  CHECK(shape(ask({"web.w.test.", Type::aaaa})) == "NOERROR AA 0/1/0");
  CHECK(answers(ask({"other.w.test."})) == Lines{"other.w.test. 60 IN A 192.0.2.99"});
}

TEST_CASE("RFC 4592 §3.3.1: a wildcard does not reach below a service, nor below a protocol's label", "[roll]") {
  register_wild();
  for (const auto* asked : {"i-9.web.w.test.", "a.b.web.w.test.", "_other._tcp.w.test.", "x._web._tcp.w.test.",
                            "other._tcp.w.test.", "a.b._tcp.w.test."}) {
    INFO(asked);
    CHECK(shape(ask({asked})) == "NXDOMAIN AA 0/1/0");
  }
  CHECK(shape(ask({"_tcp.w.test."})) == "NOERROR AA 0/1/0");
}

}  // namespace
}  // namespace rollcall::conformance
