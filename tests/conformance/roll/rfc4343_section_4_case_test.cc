#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 4343 §4.1: a service is found in any case, and answers in that of the question", "[roll]") {
  register_instance(R"("service":"CaSe","id":"I-1","address":"192.0.2.113","port":80,"tags":["Tag"])");
  CHECK(answers(ask({"cAsE.c.TEST."})) == Lines{"cAsE.c.TEST. 1 IN A 192.0.2.113"});
  CHECK(answers(ask({"i-1.CASE.c.test."})) == Lines{"i-1.CASE.c.test. 1 IN A 192.0.2.113"});
  CHECK(answers(ask({"TAG.case.C.test."})) == Lines{"TAG.case.C.test. 1 IN A 192.0.2.113"});
  const Message srv = ask({"_CASE._TCP.c.test.", Type::srv});
  CHECK(shape(srv) == "NOERROR AA 1/0/1");
  CHECK(answers(srv) == Lines{"_CASE._TCP.c.test. 1 IN SRV 1 1 80 I-1.case.c.test."});
  CHECK(head(ask({"i-1._cAsE._tCp.c.test.", Type::txt})) == "NOERROR AA");
}

}  // namespace
}  // namespace rollcall::conformance
