#include <string>

#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 2181 §5.2: an RRset has one TTL, the least of its records'") {
  CHECK(sorted(answers(ask({"ttls.c.test."}))) ==
        Lines{"ttls.c.test. 50 IN A 192.0.2.7", "ttls.c.test. 50 IN A 192.0.2.8"});
}

TEST_CASE("RFC 2181 §5: every record of the set comes, once") {
  Lines expected;
  for (int i = 1; i <= 60; ++i) expected.push_back("a60.c.test. 60 IN A 203.0.113." + std::to_string(i));
  CHECK(sorted(answers(ask({"a60.c.test.", Type::a, k_class_in, 0, 1232}))) == sorted(expected));
}

}  // namespace
}  // namespace rollcall::conformance
