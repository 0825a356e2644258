#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

// A question whose name is these octets; the answer may be silence in other servers, here it is FORMERR.
void check_formerr(const Octets& qname) {
  const Message reply = exchange(message({}, {question(qname, Type::a)}));
  CHECK(shape(reply) == "FORMERR 0/0/0");
  CHECK(reply.question.empty());
}

TEST_CASE("RFC 1035 §4.1.4: a question's name that is a pointer is FORMERR, wherever it leads") {
  check_formerr({0xc0, 12});                    // to itself
  check_formerr({0xc0, 14, 0xc0, 12});          // a circle of two
  check_formerr({0xc0, 20});                    // forward
  check_formerr({0xc0, 0});                     // into the header
  check_formerr({0xff, 0xff});                  // past the end
  check_formerr({3, 'w', 'w', 'w', 0xc0, 12});  // labels, then back to them
  check_formerr({3, 'w', 'w', 'w', 0xc0, 4});   // labels, then into the header
}

TEST_CASE("RFC 1035 §4.1.4: the owner of an answer is a pointer to the question") {
  const Message reply = ask({"www.c.test."});
  REQUIRE(reply.answer().size() == 1);
  const std::size_t at = reply.answer().front().at;
  CHECK(reply.octets[at] == 0xc0);
  CHECK(reply.octets[at + 1] == 12);
}

TEST_CASE("RFC 1035 §4.1.4: names of a zone's own servers are compressed") {
  const Message reply = ask({"c.test.", Type::ns});
  REQUIRE(reply.answer().size() == 2);
  for (const Record& server : reply.answer()) CHECK(server.rdata.size() == 6);  // "ns1" and a pointer
}

}  // namespace
}  // namespace rollcall::conformance
