#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

TEST_CASE("RFC 6895 §3.1: types that are never data are FORMERR") {
  for (const Type type : {Type::none, Type::opt, Type::tsig}) {
    CHECK(shape(ask({"www.c.test.", type})) == "FORMERR 0/0/0");
  }
}

TEST_CASE("RFC 6895 §3.1: the obsolete meta types for mail are NOTIMP") {
  for (const Type type : {Type::maila, Type::mailb}) CHECK(shape(ask({"www.c.test.", type})) == "NOTIMP 0/0/0");
}

TEST_CASE("RFC 8906 §3.1.2: TKEY gets an answer") {
  const unsigned rcode = ask({"www.c.test.", Type::tkey}).rcode();
  CHECK((rcode == 0 || rcode == 1 || rcode == 4));
}

TEST_CASE("RFC 9824 §3.5: NXNAME is nothing to ask for") {
  CHECK(shape(ask({"www.c.test.", Type::nxname})) == "FORMERR 0/0/0");
  CHECK(shape(ask({"www.c.test.", Type::nxname, k_class_in, 0, 1232})) == "FORMERR 0/0/0");
}

TEST_CASE("RFC 5936 §4.2: a transfer over UDP is not begun") {
  const Message reply = ask({"c.test.", Type::axfr});
  CHECK((reply.rcode() == 1 || reply.rcode() == 4));
  CHECK(reply.answer().empty());
}

}  // namespace
}  // namespace rollcall::conformance
