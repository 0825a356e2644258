#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 8906 §3.1.2: a type nobody knows, at a name that exists, is NODATA") {
  for (const unsigned type : {666U, 1000U, 65535U}) {
    INFO(type);
    check_nodata(ask({"www.c.test.", static_cast<Type>(type)}));
  }
}

TEST_CASE("RFC 8482 §7: the types of DNSSEC in a zone that is not signed are NODATA") {
  for (const Type type : {Type::rrsig, Type::nsec, Type::dnskey, Type::ds}) check_nodata(ask({"c.test.", type}));
}

}  // namespace
}  // namespace rollcall::conformance
