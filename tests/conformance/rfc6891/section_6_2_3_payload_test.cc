#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 6891 §6.2.3: a payload size below 512 means 512") {
  for (const std::uint16_t payload : std::initializer_list<std::uint16_t>{0, 511, 512}) {
    INFO(payload);
    const Message reply = ask({"a31.c.test.", Type::a, k_class_in, 0, payload});
    CHECK(head(reply) == "NOERROR AA TC");
    CHECK(reply.octets.size() <= 512);
    CHECK(reply.opt);
  }
}

TEST_CASE("RFC 6891 §6.2.3: OPT counts: thirty addresses fit without it, not with it") {
  CHECK(head(ask({"a30.c.test."})) == "NOERROR AA");
  CHECK(head(ask({"a30.c.test.", Type::a, k_class_in, 0, 512})) == "NOERROR AA TC");
  CHECK(head(ask({"a30.c.test.", Type::a, k_class_in, 0, 519})) == "NOERROR AA");
}

TEST_CASE("RFC 9715 §3.1: no answer over UDP has more than 1232 octets, whatever the client takes") {
  for (const std::uint16_t payload : std::initializer_list<std::uint16_t>{1232, 4096, 65535}) {
    INFO(payload);
    CHECK(shape(ask({"a60.c.test.", Type::a, k_class_in, 0, payload})) == "NOERROR AA 60/0/0");
    const Message reply = ask({"a90.c.test.", Type::a, k_class_in, 0, payload});
    CHECK(head(reply) == "NOERROR AA TC");
    CHECK(reply.octets.size() <= 1232);
  }
}

TEST_CASE("RFC 8906 §3.2.7: the payload size means nothing over TCP") {
  CHECK(shape(ask({"srv60.c.test.", Type::srv, k_class_in, 0, 512}, Over::tcp)) == "NOERROR AA 60/0/0");
}

}  // namespace
}  // namespace rollcall::conformance
