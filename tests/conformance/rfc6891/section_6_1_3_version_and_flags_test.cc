#include "catch.h"
#include "conformance/ask.h"

namespace rollcall::conformance {
namespace {

using dns::Type;

Message ask_with_ttl(std::uint32_t ttl, const Octets& options = {}) {
  return exchange(message({.additionals = 1}, {k_www, opt(1232, ttl, options)}));
}

TEST_CASE("RFC 6891 §6.1.3: a later version of EDNS is BADVERS, with nothing but our version") {
  for (const std::uint32_t version : {1U, 255U}) {
    for (const std::uint32_t flags : {0U, k_do, 0x7fffU}) {
      INFO(version << " " << flags);
      const Message reply = ask_with_ttl(version << 16 | flags, option(65001, {1, 2}));
      CHECK(shape(reply) == "BADVERS 0/0/0");
      REQUIRE(reply.opt);
      CHECK((reply.opt->ttl >> 16 & 0xff) == 0);
      CHECK(reply.opt->rdata.empty());
      CHECK(reply.question == k_www);
    }
  }
}

TEST_CASE("RFC 3225 §3: DO is copied") {
  CHECK(ask_with_ttl(k_do).opt->ttl == k_do);
  CHECK(ask_with_ttl(0).opt->ttl == 0);
}

TEST_CASE("RFC 6891 §6.1.4: flags without a meaning are not sent back") {
  CHECK(ask_with_ttl(0x7fff).opt->ttl == 0);
  CHECK(ask_with_ttl(0xffff).opt->ttl == k_do);
}

}  // namespace
}  // namespace rollcall::conformance
