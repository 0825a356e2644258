#include "catch.h"
#include "conformance/ask.h"
#include "conformance/server.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

constexpr std::uint16_t k_cookie = 10;
const Octets k_client_cookie{0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57};

Octets options(std::initializer_list<Octets> cookies) {
  Octets all;
  for (const Octets& cookie : cookies) {
    const Octets one = option(k_cookie, cookie);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}
Message ask_with_cookies(std::initializer_list<Octets> cookies, Over over = Over::udp) {
  return exchange(message({.additionals = 1}, {question("www.c.test.", Type::a), opt(1232, 0, options(cookies))}),
                  over);
}
Octets cookie_of(const Message& reply) {
  const std::optional<Octets> cookie = option_of(reply, k_cookie);
  REQUIRE(cookie);
  return *cookie;
}

TEST_CASE("RFC 7873 §5.2.2: a cookie of an illegal length is FORMERR") {
  for (const std::size_t size : {0U, 1U, 7U, 9U, 15U, 41U}) {
    INFO(size);
    CHECK(head(ask_with_cookies({Octets(size)})) == "FORMERR");
  }
}

TEST_CASE("RFC 7873 §5.2.3, RFC 9018 §4: a client's cookie comes back with one of ours, of 24 octets and version 1") {
  for (const Over over : {Over::udp, Over::tcp}) {
    const Message reply = ask_with_cookies({k_client_cookie}, over);
    CHECK(shape(reply) == "NOERROR AA 1/0/0");
    const Octets cookie = cookie_of(reply);
    REQUIRE(cookie.size() == 24);
    CHECK(Octets(cookie.begin(), cookie.begin() + 8) == k_client_cookie);
    CHECK(cookie[8] == 1);
  }
}

TEST_CASE("RFC 7873 §5.2.5: a cookie of ours is accepted") {
  const Octets first = cookie_of(ask_with_cookies({k_client_cookie}));
  const Message reply = ask_with_cookies({first});
  CHECK(shape(reply) == "NOERROR AA 1/0/0");
  CHECK(cookie_of(reply).size() == 24);
}

TEST_CASE("RFC 7873 §5.2.4: a wrong cookie is answered, with a right one") {
  Octets wrong = k_client_cookie;
  wrong.resize(24, 0x55);
  for (const Over over : {Over::udp, Over::tcp}) {
    const Message reply = ask_with_cookies({wrong}, over);
    CHECK(shape(reply) == "NOERROR AA 1/0/0");
    CHECK(cookie_of(reply).size() == 24);
    CHECK(cookie_of(reply) != wrong);
  }
}

TEST_CASE("RFC 7873 §5.2: of two cookies the first counts", "[roll]") {
  const Octets other(8, 0x77);
  const Octets cookie = cookie_of(ask_with_cookies({k_client_cookie, other}));
  CHECK(Octets(cookie.begin(), cookie.begin() + 8) == k_client_cookie);
}

TEST_CASE("RFC 7873 §5.2.1: who sends no cookie gets none") { CHECK_FALSE(option_of(ask_with_cookies({}), k_cookie)); }

TEST_CASE("RFC 7873 §5.4: a cookie can be had, and checked, without a question") {
  const auto exchange_cookie = [](const Octets& cookie) {
    return exchange(message({.questions = 0, .additionals = 1}, {opt(1232, 0, option(k_cookie, cookie))}));
  };
  const Message given = exchange_cookie(k_client_cookie);
  CHECK(shape(given) == "NOERROR 0/0/0");
  const Octets cookie = cookie_of(given);
  CHECK(cookie.size() == 24);
  CHECK(shape(exchange_cookie(cookie)) == "NOERROR 0/0/0");
  Octets wrong = k_client_cookie;
  wrong.resize(24, 0x55);
  CHECK(exchange_cookie(wrong).rcode() == 23);
}

}  // namespace
}  // namespace rollcall::conformance
