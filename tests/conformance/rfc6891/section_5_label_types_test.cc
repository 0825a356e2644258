#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 6891 §5: the label types 01 and 10 are FORMERR") {
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0x40, 0x41, 0x80, 0x81, 0xbf}) {
    INFO(int{type});
    Octets qname(1 + (type & 0x3f), 'x');
    qname[0] = type;
    qname.push_back(0);
    CHECK(shape(exchange(message({}, {question(qname, Type::a)}))) == "FORMERR 0/0/0");
  }
}

TEST_CASE("RFC 6891 §5: a record owned by such a label is FORMERR too") {
  const Message reply = exchange(message(
      {.additionals = 1}, {question("www.c.test.", Type::a), record({0x41, 'x', 0}, Type::a, 1, 60, {192, 0, 2, 99})}));
  CHECK(shape(reply) == "FORMERR 0/0/0");
}

}  // namespace
}  // namespace rollcall::conformance
