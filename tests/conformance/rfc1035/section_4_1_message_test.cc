#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

const Octets k_stray = record(name("x.c.test."), Type::a, k_class_in, 60, {192, 0, 2, 99});

void check_formerr_with_question(const Octets& query) {
  const Message reply = exchange(query);
  CHECK(shape(reply) == "FORMERR 0/0/0");
  CHECK(reply.question == k_www);
}

TEST_CASE("RFC 1035 §4.1: a message that ends before or inside its question is FORMERR, without a question") {
  for (std::size_t size = 0; size < k_www.size(); ++size) {
    INFO(size);
    const Message reply =
        exchange(message({}, {Octets(k_www.begin(), k_www.begin() + static_cast<std::ptrdiff_t>(size))}));
    CHECK(shape(reply) == "FORMERR 0/0/0");
    CHECK(reply.question.empty());
  }
}

TEST_CASE("RFC 1035 §4.1: stray records in a query are read over") {
  for (const Header& header : {Header{.answers = 1}, Header{.authorities = 1}, Header{.additionals = 1}}) {
    const Message reply = exchange(message(header, {k_www, k_stray}));
    CHECK(shape(reply) == "NOERROR AA 1/0/0");
    CHECK(reply.question == k_www);
  }
  CHECK(head(exchange(message({.answers = 1, .authorities = 1, .additionals = 2},
                              {k_www, k_stray, k_stray, k_stray, k_stray}))) == "NOERROR AA");
}

TEST_CASE("RFC 1035 §4.1: a record that is counted and not there is FORMERR") {
  check_formerr_with_question(message({.answers = 1}, {k_www}));
  check_formerr_with_question(message({.authorities = 1}, {k_www}));
  check_formerr_with_question(message({.additionals = 1}, {k_www}));
  check_formerr_with_question(message({.additionals = 65535}, {k_www, k_stray}));
}

TEST_CASE("RFC 1035 §4.1: a record cut short at any octet is FORMERR") {
  for (std::size_t size = 1; size < k_stray.size(); ++size) {
    INFO(size);
    const Octets cut(k_stray.begin(), k_stray.begin() + static_cast<std::ptrdiff_t>(size));
    check_formerr_with_question(message({.additionals = 1}, {k_www, cut}));
  }
}

TEST_CASE("RFC 1035 §4.1: octets behind the last record are FORMERR") {
  check_formerr_with_question(message({}, {k_www, Octets(1)}));
  check_formerr_with_question(message({}, {k_www, Octets(100, 0xff)}));
}

}  // namespace
}  // namespace rollcall::conformance
