#include "client/answers.h"

#include "catch.h"
#include "unit/client/wire.h"

namespace rollcall::client {
namespace {

using namespace std::chrono_literals;
using dns::Rcode;
using dns::Type;

const Line k_short_soa{"svc.internal.", 30, Type::soa, "ns.svc.internal. hostmaster.svc.internal. 1 10 5 3600 20"};

Line srv(const std::string& rdata, std::uint32_t ttl = 10, const std::string& owner = k_web) {
  return {owner, ttl, Type::srv, rdata};
}

SrvAnswer parse(const Reply& reply, const std::string& asked = k_web) {
  return parse_srv_answer(write_reply(reply, name(asked), Type::srv), name(asked));
}

TEST_CASE("SRV records come with the addresses of their targets, and with the least of their TTLs") {
  const SrvAnswer answer = parse({.answer = {srv("1 5 8080 a.web.svc.internal."), srv("2 0 8081 B.web.svc.internal.")},
                                  .additional = {{"A.web.svc.internal.", 7, Type::a, "192.0.2.1"},
                                                 {"a.web.svc.internal.", 9, Type::aaaa, "2001:db8::1"},
                                                 {"stranger.svc.internal.", 1, Type::a, "192.0.2.66"}}});
  REQUIRE(answer.said == Said::yes);
  REQUIRE(answer.records.size() == 2);
  CHECK(answer.records[0].priority == 1);
  CHECK(answer.records[0].weight == 5);
  CHECK(answer.records[0].port == 8080);
  CHECK(answer.records[1].target.text() == "B.web.svc.internal.");
  REQUIRE(answer.addresses.size() == 2);
  CHECK(answer.addresses.at(name("a.web.svc.internal.")).size() == 2);
  CHECK(answer.addresses.at(name("b.web.svc.internal.")).empty());
  CHECK(answer.ttl == 7s);
}

TEST_CASE("records of other names and types are not the answer") {
  const SrvAnswer answer =
      parse({.answer = {srv("1 1 80 x.", 10, "other.svc.internal."), {k_web, 10, Type::a, "192.0.2.1"}}});
  CHECK(answer.said == Said::nothing);
}

TEST_CASE("letter case does not matter (RFC 4343)") {
  CHECK(parse({.answer = {srv("1 1 80 a.", 10, "WEB.svc.Internal.")}}).said == Said::yes);
}

TEST_CASE("an alias is followed within the answer, and its TTL counts") {
  const SrvAnswer answer = parse({.answer = {{k_web, 3, Type::cname, "shop.svc.internal."},
                                             srv("1 1 80 a.svc.internal.", 10, "shop.svc.internal.")}});
  CHECK(answer.said == Said::yes);
  CHECK(answer.ttl == 3s);
}

TEST_CASE("aliases in a circle come to an end") {
  const SrvAnswer answer =
      parse({.answer = {{k_web, 3, Type::cname, "x.internal."}, {"x.internal.", 3, Type::cname, k_web}}});
  CHECK(answer.said == Said::nothing);
}

TEST_CASE("the target \".\" says that nobody is there (RFC 2782)") {
  const SrvAnswer answer = parse({.answer = {srv("0 0 0 .", 10)}});
  CHECK(answer.said == Said::nothing);
  CHECK(answer.ttl == 10s);
}

TEST_CASE("NODATA and NXDOMAIN are answers, for the lesser of the SOA's TTL and its minimum (RFC 2308 §5)") {
  const SrvAnswer nodata = parse({.authority = {k_short_soa}});
  CHECK(nodata.said == Said::nothing);
  CHECK(nodata.ttl == 20s);
  const SrvAnswer nxdomain = parse({.rcode = Rcode::nxdomain, .authority = {k_short_soa}});
  CHECK(nxdomain.said == Said::no_name);
  CHECK(nxdomain.ttl == 20s);
}

TEST_CASE("a negative answer without SOA is not kept (RFC 2308 §5)") {
  CHECK(parse({.rcode = Rcode::nxdomain}).ttl == 0s);
  CHECK(parse({}).ttl == 0s);
}

TEST_CASE("a server that cannot or will not say has not answered") {
  for (const Rcode rcode : {Rcode::servfail, Rcode::refused, Rcode::formerr, Rcode::notimp, Rcode::notauth}) {
    const SrvAnswer answer = parse({.rcode = rcode, .answer = {srv("1 1 80 a.")}});
    CHECK(answer.said == Said::failed);
    CHECK_FALSE(answer.trouble.empty());
  }
  CHECK(parse({.rcode = Rcode::servfail}).trouble == "the answer is SERVFAIL");
}

TEST_CASE("a TTL with its highest bit set is 0, and none is longer than a day (RFC 2181 §8)") {
  CHECK(parse({.answer = {srv("1 1 80 a.", 0x80000000U)}}).ttl == 0s);
  CHECK(parse({.answer = {srv("1 1 80 a.", 0x7fffffffU)}}).ttl == 24h);
}

TEST_CASE("a message cut anywhere says nothing, or what the whole one says") {
  const std::vector<std::uint8_t> whole =
      write_reply({.answer = {srv("1 5 8080 a.web.svc.internal.")},
                   .additional = {{"a.web.svc.internal.", 7, Type::a, "192.0.2.1"}}},
                  name(k_web), Type::srv);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(parse_srv_answer(Bytes(whole).first(size), name(k_web)).said == Said::failed);
  }
}

TEST_CASE("a question that comes back is no answer") {
  std::vector<std::uint8_t> message = write_reply({.answer = {srv("1 1 80 a.")}}, name(k_web), Type::srv);
  message[2] &= 0x7f;
  CHECK(parse_srv_answer(message, name(k_web)).said == Said::failed);
}

TEST_CASE("a target that others have compressed is read (RFC 3597 §4)") {
  std::vector<std::uint8_t> message =
      write_reply({.answer = {srv("1 1 80 web.svc.internal.")}}, name(k_web), Type::srv);
  const std::size_t target_bytes = name(k_web).wire().size();
  message.resize(message.size() - target_bytes);
  message.insert(message.end(), {0xc0, 12});
  const std::size_t size_at = message.size() - 2 - 6 - 2;
  store_u16(message.data() + size_at, 8);
  const SrvAnswer answer = parse_srv_answer(message, name(k_web));
  REQUIRE(answer.said == Said::yes);
  CHECK(answer.records[0].target.text() == k_web);
}

TEST_CASE("addresses by name: of the type asked for, behind aliases too") {
  const auto a = write_reply({.answer = {{"a.internal.", 5, Type::cname, "b.internal."},
                                         {"b.internal.", 9, Type::a, "192.0.2.1"},
                                         {"b.internal.", 9, Type::aaaa, "2001:db8::1"}}},
                             name("a.internal."), Type::a);
  const AddressAnswer found = parse_address_answer(a, name("a.internal."), Type::a);
  CHECK(found.said == Said::yes);
  REQUIRE(found.addresses.size() == 1);
  CHECK(found.addresses[0].text() == "192.0.2.1");
  CHECK(found.ttl == 5s);
  const auto none = write_reply({.rcode = Rcode::nxdomain, .authority = {k_short_soa}}, name("a.internal."), Type::a);
  CHECK(parse_address_answer(none, name("a.internal."), Type::a).said == Said::no_name);
  CHECK(parse_address_answer({}, name("a.internal."), Type::a).said == Said::failed);
}

}  // namespace
}  // namespace rollcall::client
