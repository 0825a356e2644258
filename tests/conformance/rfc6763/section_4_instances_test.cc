#include <string>

#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

const std::string k_printer = R"(My\032Printer\.\195\182._ipp._tcp.dir.c.test.)";

TEST_CASE("RFC 6763 §4.1: an instance may have blanks, dots and UTF-8 in its name") {
  const Message reply = ask({k_printer, Type::srv});
  CHECK(head(reply) == "NOERROR AA");
  REQUIRE(reply.answer().size() == 1);
  CHECK(reply.answer().front().owner == name(k_printer));
  const Message pointer = ask({"_ipp._tcp.dir.c.test.", Type::ptr});
  CHECK(answers(pointer) == Lines{"_ipp._tcp.dir.c.test. 60 IN PTR " + k_printer});
}

TEST_CASE("RFC 6763 §6.1: a TXT record without pairs is one empty string") {
  CHECK(ask({"empty._ipp._tcp.dir.c.test.", Type::txt}).answer().at(0).rdata == Octets{0});
  CHECK(answers(ask({k_printer, Type::txt})).at(0).ends_with(R"( IN TXT "paper=A4" "colour")"));
}

TEST_CASE("RFC 6763 §9: the kinds of services are listed") {
  CHECK(answers(ask({"_services._dns-sd._udp.dir.c.test.", Type::ptr})) ==
        Lines{"_services._dns-sd._udp.dir.c.test. 60 IN PTR _ipp._tcp.dir.c.test."});
}

}  // namespace
}  // namespace rollcall::conformance
