#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_class_chaos = 3;

TEST_CASE("RFC 4892: a server says what it is, in class CHAOS, as one string with TTL 0") {
  for (const char* name : {"version.bind.", "version.server.", "id.server.", "hostname.bind.", "VeRsIoN.BiNd."}) {
    INFO(name);
    const Message reply = ask({name, Type::txt, k_class_chaos});
    CHECK(reply.rcode() == 0);
    REQUIRE(reply.answer().size() == 1);
    const Record& record = reply.answer().front();
    CHECK(record.type == Type::txt);
    CHECK(record.klass == k_class_chaos);
    CHECK(record.ttl == 0);
    REQUIRE(record.rdata.size() > 1);
    CHECK(record.rdata.size() == 1U + record.rdata.front());
  }
}

TEST_CASE("RFC 4892: nothing else is in class CHAOS") {
  check_refused(ask({"authors.bind.", Type::txt, k_class_chaos}));
  check_refused(ask({"version.bind.", Type::a, k_class_chaos}));
  check_refused(ask({"c.test.", Type::soa, k_class_chaos}));
}

}  // namespace
}  // namespace rollcall::conformance
