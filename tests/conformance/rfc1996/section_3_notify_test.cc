#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_notify = opcode_bits(4) | 0x0400;  // with AA, as a primary sends it

TEST_CASE("RFC 1996 §3: NOTIFY for a zone of which we are the primary is NOTIMP") {
  CHECK(shape(exchange(message({.flags = k_notify}, {question("c.test.", Type::soa)}))) == "NOTIMP 0/0/0");
  CHECK(shape(exchange(message({.flags = k_notify}, {question("c.test.", Type::soa)}), Over::tcp)) == "NOTIMP 0/0/0");
}

TEST_CASE("RFC 1996 §3.7: a NOTIFY that brings the new SOA changes nothing") {
  Octets soa{0, 0};
  soa.resize(22, 0xff);
  const Octets brought = record(name("c.test."), Type::soa, k_class_in, 0, soa);
  const Message reply = exchange(message({.flags = k_notify, .answers = 1}, {question("c.test.", Type::soa), brought}));
  CHECK(reply.rcode() != 0);
  CHECK(reply.answer().empty());
  CHECK(shape(ask({"c.test.", Type::soa})).starts_with("NOERROR AA 1/"));
}

}  // namespace
}  // namespace rollcall::conformance
