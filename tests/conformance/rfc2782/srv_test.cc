#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 2782: every target in the zone comes with its addresses, once") {
  const Message reply = ask({"_sip._tcp.svc.c.test.", Type::srv, k_class_in, 0, 1232});
  CHECK(sorted(answers(reply)) == Lines{"_sip._tcp.svc.c.test. 60 IN SRV 10 40 5061 host1.svc.c.test.",
                                        "_sip._tcp.svc.c.test. 60 IN SRV 10 60 5060 host1.svc.c.test.",
                                        "_sip._tcp.svc.c.test. 60 IN SRV 20 0 5060 host2.svc.c.test.",
                                        "_sip._tcp.svc.c.test. 60 IN SRV 30 0 5060 sip.example.net."});
  CHECK(sorted(additionals(reply)) == Lines{"host1.svc.c.test. 60 IN A 192.0.2.20",
                                            "host1.svc.c.test. 60 IN AAAA 2001:db8::20",
                                            "host2.svc.c.test. 60 IN A 192.0.2.21"});
}

TEST_CASE("RFC 2782: a service that is decidedly not available has the root for a target, and no address") {
  CHECK(shape(ask({"_none._tcp.svc.c.test.", Type::srv})) == "NOERROR AA 1/0/0");
}

}  // namespace
}  // namespace rollcall::conformance
