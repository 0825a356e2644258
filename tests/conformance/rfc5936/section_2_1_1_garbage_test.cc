#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 5936 §2.1.1: records that belong in no query are read over, however many") {
  const Octets stray = record({0xc0, 12}, Type::a, k_class_in, 60, {192, 0, 2, 99});
  const Octets garbage(20, 0xee);
  const Octets signature = record(name("c.test."), Type::rrsig, k_class_in, 60, garbage);
  const Octets denial = record(name("c.test."), static_cast<Type>(50), k_class_in, 60, garbage);
  const Octets key = record(name("c.test."), static_cast<Type>(25), k_class_in, 60, garbage);
  for (const Octets& query :
       {message({.answers = 2}, {k_www, stray, stray}), message({.additionals = 1}, {k_www, signature}),
        message({.additionals = 3}, {k_www, denial, key, signature})}) {
    CHECK(shape(exchange(query)) == "NOERROR AA 1/0/0");
  }
}

}  // namespace
}  // namespace rollcall::conformance
