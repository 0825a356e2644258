#include <algorithm>
#include <set>

#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 5936 §2.2: a transfer begins and ends with the same SOA, and has no other", "[roll]") {
  const Message reply = ask({"c.test.", Type::axfr}, Over::tcp);
  CHECK(head(reply) == "NOERROR AA");
  const std::vector<Record>& records = reply.answer();
  REQUIRE(records.size() > 100);
  // The zone of the tests fits in a few messages; its first one ends before the last SOA, or with it.
  CHECK(records.front().type == Type::soa);
  const auto soas = std::ranges::count(records, Type::soa, &Record::type);
  CHECK((soas == 1 || (soas == 2 && records.back().type == Type::soa)));
}

TEST_CASE("RFC 5936 §2.2: every message has the query's id; the question is in the first", "[roll]") {
  Tcp connection(dns_server());
  connection.send(write({"c.test.", Type::axfr}));
  std::size_t soas = 0;
  bool is_first = true;
  while (soas < 2) {
    const std::optional<Octets> octets = connection.receive();
    REQUIRE(octets);
    const auto message = parse_message(*octets);
    REQUIRE(message);
    CHECK(message->id == 0x5243);
    CHECK(message->question.empty() != is_first);
    soas += static_cast<std::size_t>(std::ranges::count(message->answer(), Type::soa, &Record::type));
    is_first = false;
  }
  // The connection is good for more (RFC 5936 §4.1.1).
  connection.send(write({"www.c.test.", Type::a}));
  CHECK(connection.receive());
}

TEST_CASE("RFC 5936 §2.2.1: a name that is no zone's is not ours to transfer", "[roll]") {
  for (const char* name : {"www.c.test.", "child.c.test.", "example.net.", "."}) {
    CHECK(shape(ask({name, Type::axfr}, Over::tcp)) == "NOTAUTH 0/0/0");
  }
}

TEST_CASE("RFC 5936 §5: a client that may not have the zone is refused", "[roll]") {
  CHECK(shape(ask({"w.test.", Type::axfr}, Over::tcp)) == "REFUSED 0/0/0");
  CHECK(shape(ask({"w.test.", Type::axfr, k_class_in, 0, 1232}, Over::tcp)) == "REFUSED 0/0/0");
}

}  // namespace
}  // namespace rollcall::conformance
