#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 6891 §6.1.1: whatever is answered, OPT is answered with OPT of version 0") {
  for (const Query& query :
       {Query{"www.c.test."}, Query{"nowhere.c.test."}, Query{"c.test.", Type::dnskey}, Query{"example.net."},
        Query{"a90.c.test."}, Query{"c.test.", Type::axfr}, Query{"c.test.", Type::maila}, Query{"child.c.test."},
        Query{"www.c.test.", Type::a, 3}, Query{"c.test.", Type::tsig}}) {
    Query with_opt = query;
    with_opt.payload = 1232;
    const Message reply = ask(with_opt);
    REQUIRE(reply.opt);
    CHECK((reply.opt->ttl >> 16 & 0xff) == 0);
    CHECK(reply.opt->klass >= 512);
    static_cast<void>(ask(query));  // and no OPT is answered with none
  }
}

TEST_CASE("RFC 6891 §6.1.1: two OPT records are FORMERR") {
  const Message reply = exchange(message({.additionals = 2}, {k_www, opt(), opt()}));
  CHECK(shape(reply) == "FORMERR 0/0/0");
  CHECK(reply.opt);
}

TEST_CASE("RFC 6891 §6.1.1: OPT outside the additional section is FORMERR") {
  CHECK(shape(exchange(message({.answers = 1}, {k_www, opt()}))) == "FORMERR 0/0/0");
  CHECK(shape(exchange(message({.authorities = 1}, {k_www, opt()}))) == "FORMERR 0/0/0");
}

TEST_CASE("RFC 6891 §6.1.2: OPT that is not owned by the root is FORMERR") {
  CHECK(shape(exchange(message({.additionals = 1}, {k_www, record(name("c.test."), Type::opt, 1232, 0, {})}))) ==
        "FORMERR 0/0/0");
  // A pointer to a root label is not the root label that belongs there.
  CHECK(shape(exchange(message({.additionals = 1}, {k_www, record({0xc0, 23}, Type::opt, 1232, 0, {})}))) ==
        "FORMERR 0/0/0");
}

TEST_CASE("RFC 6891 §6.1.1: OPT need not be the last record") {
  const Octets stray = record(name("x.c.test."), Type::a, k_class_in, 60, {192, 0, 2, 99});
  const Message reply = exchange(message({.additionals = 2}, {k_www, opt(), stray}));
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  CHECK(reply.opt);
}

}  // namespace
}  // namespace rollcall::conformance
