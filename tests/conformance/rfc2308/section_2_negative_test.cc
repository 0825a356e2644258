#include <string>

#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 2308 §2.2: a name without the type asked for is NODATA, with the SOA") {
  check_nodata(ask({"www.c.test.", Type::txt}));
  check_nodata(ask({"c.test.", Type::a}));
}

TEST_CASE("RFC 4074 §4: a name with addresses of one family is NODATA for the other, never NXDOMAIN") {
  check_nodata(ask({"v4only.c.test.", Type::aaaa}));
  check_nodata(ask({"v6only.c.test.", Type::a}));
}

TEST_CASE("RFC 2308 §2.1: a name that does not exist is NXDOMAIN, with the SOA") {
  check_nxdomain(ask({"nowhere.c.test."}));
  check_nxdomain(ask({"below.leaf.c.test."}));
  check_nxdomain(ask({"a.long.way.below.leaf.c.test."}));
}

TEST_CASE("RFC 2308 §3: a negative answer lives for the lesser of the SOA's TTL and its MINIMUM") {
  const Message reply = ask({"nowhere.c.test."});
  REQUIRE(reply.authority().size() == 1);
  CHECK(reply.authority().front().ttl == 30);
  CHECK(ask({"c.test.", Type::soa}).answer().front().ttl == 300);
}

TEST_CASE("RFC 2308 §2, RFC 6604 §3: an alias to what is missing has the RCODE of its last name, and the SOA") {
  const Message no_data = ask({"alias-v4.c.test.", Type::aaaa});
  CHECK(shape(no_data) == "NOERROR AA 1/1/0");
  CHECK(answers(no_data) == Lines{"alias-v4.c.test. 60 IN CNAME v4only.c.test."});
  CHECK(authorities(no_data) == Lines{std::string(k_negative_soa)});
  const Message no_name = ask({"alias-nowhere.c.test."});
  CHECK(shape(no_name) == "NXDOMAIN AA 1/1/0");
  CHECK(answers(no_name) == Lines{"alias-nowhere.c.test. 60 IN CNAME nowhere.c.test."});
  CHECK(authorities(no_name) == Lines{std::string(k_negative_soa)});
}

TEST_CASE("RFC 2308 §3: a denial has its SOA, or TC where the aliases before it have left no room") {
  int truncated = 0;
  for (std::size_t labels = 1; labels <= 7; ++labels) {
    for (std::size_t last = 1; last <= 31; ++last) {
      std::string asked = std::string(last, 'x') + '.';
      for (std::size_t i = 0; i < labels; ++i) asked += std::string(30, 'y') + '.';
      asked += "moved.c.test.";
      if (asked.size() > 251) continue;  // whose target would be too long
      const Message reply = ask({asked});
      INFO(shape(reply));
      CHECK(reply.has(k_tc) == reply.authority().empty());
      truncated += head(reply) == "NXDOMAIN AA TC" ? 1 : 0;
    }
  }
  CHECK(truncated > 0);
  CHECK(shape(ask({std::string(60, 'x') + '.' + std::string(60, 'x') + '.' + std::string(60, 'x') + ".moved.c.test."},
                  Over::tcp)) == "NXDOMAIN AA 2/1/0");
}

}  // namespace
}  // namespace rollcall::conformance
