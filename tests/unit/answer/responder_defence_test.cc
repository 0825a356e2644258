// Who is answered, how much, and what an answer over TLS looks like from outside.
#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

// clang-format off: ldns.h makes `false` a macro, so it comes after the standard's headers.
#include <ldns/ldns.h>
// clang-format on

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

constexpr SipHashKey k_secret{7, 7, 7};

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

std::vector<std::uint8_t> option(dns::Option code, const std::vector<std::uint8_t>& content) {
  std::vector<std::uint8_t> octets(4);
  store_u16(octets.data(), static_cast<std::uint16_t>(code));
  store_u16(octets.data() + 2, static_cast<std::uint16_t>(content.size()));
  std::ranges::copy(content, std::back_inserter(octets));
  return octets;
}

std::vector<std::uint8_t> query_with(const std::string& name, Type type, const std::vector<std::uint8_t>& options) {
  std::vector<std::uint8_t> query = query_of({.name = name, .type = type, .payload = 1232});
  store_u16(query.data() + query.size() - 2, static_cast<std::uint16_t>(options.size()));
  std::ranges::copy(options, std::back_inserter(query));
  return query;
}

struct Received {
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint8_t> options;  // OPT's RDATA

  [[nodiscard]] unsigned rcode() const { return bytes[3] & 15U; }
  [[nodiscard]] bool truncated() const { return (bytes[2] & 2U) != 0; }
  [[nodiscard]] unsigned answers() const { return load_u16(bytes.data() + 6); }
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> find(dns::Option code) const {
    for (std::size_t at = 0; at + 4 <= options.size();) {
      const std::size_t length = load_u16(options.data() + at + 2);
      if (load_u16(options.data() + at) == static_cast<std::uint16_t>(code)) {
        const auto begin = options.begin() + static_cast<std::ptrdiff_t>(at + 4);
        return std::vector<std::uint8_t>(begin, begin + static_cast<std::ptrdiff_t>(length));
      }
      at += 4 + length;
    }
    return std::nullopt;
  }
};

struct Defended {
  explicit Defended(ResponderSettings settings) : responder(world.zones, world.roster, std::move(settings)) {
    world.add({.service = "web"});
    world.worker->wall_seconds = 1'000'000;
  }

  std::optional<Received> ask(const std::vector<std::uint8_t>& query, const Client& client) {
    const std::size_t size = responder.respond(query, client, world.clock.now(), world.room, *world.worker).bytes;
    if (size == 0) return std::nullopt;
    Received reply{.bytes = {world.room.begin(), world.room.begin() + static_cast<std::ptrdiff_t>(size)},
                   .options = {}};
    ldns_pkt* raw = nullptr;
    REQUIRE(ldns_wire2pkt(&raw, reply.bytes.data(), reply.bytes.size()) == LDNS_STATUS_OK);
    const std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)> packet(raw, ldns_pkt_free);
    if (const ldns_rdf* data = ldns_pkt_edns_data(raw)) {
      reply.options.assign(ldns_rdf_data(data), ldns_rdf_data(data) + ldns_rdf_size(data));
    }
    return reply;
  }
  std::optional<Received> ask(std::string_view client, Transport transport = Transport::udp) {
    return ask(query_with("web.svc.internal", Type::a, {}), {transport, address(client)});
  }

  World world;
  Responder responder;
};

IpPrefixSet networks(std::string_view text) {
  const std::array all{IpPrefix::parse(text).value()};
  return IpPrefixSet(all);
}

TEST_CASE("a client outside the allowed networks is refused, and told that it is prohibited") {
  Defended guarded({.access = {.allow = networks("192.0.2.0/24"), .deny = networks("192.0.2.66")}});
  const Transport transport = GENERATE(Transport::udp, Transport::tcp, Transport::tls);
  CHECK(guarded.ask("192.0.2.1", transport)->answers() == 1);
  for (const char* outsider : {"198.51.100.1", "2001:db8::1", "192.0.2.66", "127.0.0.1"}) {
    INFO(outsider);
    const Received reply = guarded.ask(outsider, transport).value();
    CHECK(reply.rcode() == 5);
    CHECK(reply.answers() == 0);
    const auto why = reply.find(dns::Option::extended_error);
    REQUIRE(why.has_value());
    CHECK(load_u16(why->data()) == 18);
  }
}

TEST_CASE("without a list of those allowed, only those denied are refused") {
  Defended guarded({.access = {.deny = networks("198.51.100.0/24")}});
  CHECK(guarded.ask("192.0.2.1")->rcode() == 0);
  CHECK(guarded.ask("2001:db8::1")->rcode() == 0);
  CHECK(guarded.ask("198.51.100.9")->rcode() == 5);
}

TEST_CASE("beyond the rate a client is sent to TCP with an answer as short as its query") {
  Defended guarded({.rate_limit = {.rate = 3}});
  for (int i = 0; i < 3; ++i) REQUIRE(guarded.ask("192.0.2.1")->answers() == 1);
  const Received cut = guarded.ask("192.0.2.1").value();
  CHECK(cut.truncated());
  CHECK(cut.rcode() == 0);
  CHECK(cut.answers() == 0);
  CHECK(cut.bytes.size() == query_with("web.svc.internal", Type::a, {}).size());
  CHECK(guarded.ask("192.0.2.1", Transport::tcp)->answers() == 1);
  CHECK(guarded.ask("192.0.2.1", Transport::tls)->answers() == 1);
  CHECK(guarded.ask("198.51.100.1")->answers() == 1);
  guarded.world.pass(1s);
  CHECK(guarded.ask("192.0.2.1")->answers() == 1);
  CHECK(guarded.world.worker->counters.limited(1) == 1);
}

TEST_CASE("refusals and names that are not there are limited as answers are") {
  Defended guarded({.rate_limit = {.rate = 3, .slip = 0}});
  const char* name = GENERATE("nobody.svc.internal", "www.example.org");
  const auto query = query_with(name, Type::a, {});
  int answered = 0;
  for (int i = 0; i < 20; ++i) answered += guarded.ask(query, {Transport::udp, address("192.0.2.1")}) ? 1 : 0;
  CHECK(answered == 3);
  CHECK(guarded.ask("192.0.2.1")->answers() == 1);
  CHECK(guarded.world.worker->counters.limited(0) == 17);
}

TEST_CASE("a client that has shown a cookie is not limited, one that could is given it") {
  Defended guarded({.cookie_secrets = {k_secret}, .rate_limit = {.rate = 1}});
  const Client client(Transport::udp, address("192.0.2.1"));
  const auto first = query_with("web.svc.internal", Type::a, option(dns::Option::cookie, {1, 2, 3, 4, 5, 6, 7, 8}));
  CHECK(guarded.ask(first, client)->answers() == 1);
  const Received refused = guarded.ask(first, client).value();
  CHECK(refused.rcode() == 7);  // the lower bits of BADCOOKIE, 23
  CHECK_FALSE(refused.truncated());
  CHECK(refused.answers() == 0);
  const auto cookie = refused.find(dns::Option::cookie);
  REQUIRE(cookie.has_value());
  const auto again = query_with("web.svc.internal", Type::a, option(dns::Option::cookie, *cookie));
  for (int i = 0; i < 10; ++i) CHECK(guarded.ask(again, client)->answers() == 1);
  CHECK(guarded.ask(again, {Transport::udp, address("192.0.2.2")})->rcode() == 7);  // it was another's
}

TEST_CASE("under load a question over UDP is answered after its sender has shown a cookie") {
  Defended guarded({.cookie_secrets = {k_secret}, .cookies_required_above = 2});
  const Client client(Transport::udp, address("192.0.2.1"));
  const auto first = query_with("web.svc.internal", Type::a, option(dns::Option::cookie, {1, 2, 3, 4, 5, 6, 7, 8}));
  for (int i = 0; i < 2; ++i) CHECK(guarded.ask(first, client)->answers() == 1);
  const Received refused = guarded.ask(first, {Transport::udp, address("198.51.100.1")}).value();  // whoever asks
  CHECK(refused.rcode() == 7);  // the lower bits of BADCOOKIE, 23
  CHECK_FALSE(refused.truncated());
  CHECK(refused.answers() == 0);
  const auto cookie = guarded.ask(first, client)->find(dns::Option::cookie);
  REQUIRE(cookie.has_value());
  const auto again = query_with("web.svc.internal", Type::a, option(dns::Option::cookie, *cookie));
  for (int i = 0; i < 10; ++i) CHECK(guarded.ask(again, client)->answers() == 1);
  CHECK(guarded.ask(again, {Transport::udp, address("192.0.2.2")})->rcode() == 7);  // it was another's
  CHECK(guarded.world.worker->counters.unproven(0) == 3);
  guarded.world.pass(1s);
  CHECK(guarded.ask(first, client)->answers() == 1);
}

TEST_CASE("under load who knows no cookies is sent to TCP, with an answer as short as the question") {
  Defended guarded({.cookie_secrets = {k_secret}, .cookies_required_above = 1});
  CHECK(guarded.ask("192.0.2.1")->answers() == 1);
  const Received cut = guarded.ask("192.0.2.2").value();
  CHECK(cut.truncated());
  CHECK(cut.rcode() == 0);
  CHECK(cut.answers() == 0);
  CHECK(cut.bytes.size() == query_with("web.svc.internal", Type::a, {}).size());
  CHECK(guarded.ask("192.0.2.2", Transport::tcp)->answers() == 1);
  CHECK(guarded.ask("192.0.2.2", Transport::tls)->answers() == 1);
  CHECK(guarded.world.worker->counters.unproven(1) == 1);
}

TEST_CASE("unless it is wanted, no question waits for a cookie") {
  Defended guarded({.cookie_secrets = {k_secret}});
  for (int i = 0; i < 10'000; ++i) REQUIRE(guarded.ask("192.0.2.1")->answers() == 1);
}

TEST_CASE("answers over TLS are padded to blocks of 468 octets for those who pad") {
  Defended guarded({});
  const Client client(Transport::tls, address("192.0.2.1"));
  std::vector<Entry> entries;
  for (int i = 0; i < 100; ++i) {
    entries.push_back({.service = "big", .id = std::to_string(i), .addresses = {"198.51.100." + std::to_string(i)}});
  }
  guarded.world.add_all(entries);
  for (const char* name : {"web.svc.internal", "nobody.svc.internal", "www.example.org", "big.svc.internal"}) {
    INFO(name);
    const Received reply = guarded.ask(query_with(name, Type::a, option(dns::Option::padding, {})), client).value();
    CHECK(reply.bytes.size() % 468 == 0);
    const auto padding = reply.find(dns::Option::padding);
    REQUIRE(padding.has_value());
    CHECK(std::ranges::all_of(*padding, [](std::uint8_t octet) { return octet == 0; }));
  }
}

TEST_CASE("every length of an answer is padded to whole blocks") {
  Defended guarded({});
  const Client client(Transport::tls, address("192.0.2.1"));
  for (std::size_t length = 1; length <= 180; ++length) {
    std::string name(std::min<std::size_t>(length, 60), 'a');
    for (std::size_t at = 60; at < length; at += 60)
      name += "." + std::string(std::min<std::size_t>(60, length - at), 'b');
    const auto query = query_with(name + ".svc.internal", Type::a, option(dns::Option::padding, {0, 0}));
    REQUIRE(guarded.ask(query, client)->bytes.size() == 468);
  }
}

TEST_CASE("nobody is padded who does not pad, and nothing in clear") {
  Defended guarded({});
  const auto plain = query_with("web.svc.internal", Type::a, {});
  const auto padded = query_with("web.svc.internal", Type::a, option(dns::Option::padding, {}));
  CHECK_FALSE(guarded.ask(plain, {Transport::tls, address("192.0.2.1")})->find(dns::Option::padding).has_value());
  CHECK_FALSE(guarded.ask(padded, {Transport::tcp, address("192.0.2.1")})->find(dns::Option::padding).has_value());
  CHECK_FALSE(guarded.ask(padded, {Transport::udp, address("192.0.2.1")})->find(dns::Option::padding).has_value());
}

TEST_CASE("an answer that no message can hold says so") {
  Defended guarded({});
  std::vector<Entry> entries;
  for (int i = 0; i < 5000; ++i) {
    const std::string host = std::to_string(i / 250) + "." + std::to_string(i % 250);
    entries.push_back({.service = "big", .id = std::to_string(i), .addresses = {"198.51." + host}});
  }
  guarded.world.add_all(entries);
  const Transport transport = GENERATE(Transport::tcp, Transport::tls);
  const auto query = query_with("big.svc.internal", Type::a, option(dns::Option::padding, {}));
  const Received reply = guarded.ask(query, {transport, address("192.0.2.1")}).value();
  CHECK(reply.truncated());
  CHECK(reply.answers() > 4080);
  const auto why = reply.find(dns::Option::extended_error);
  REQUIRE(why.has_value());
  CHECK(why->size() > 2);
}

}  // namespace
}  // namespace rollcall::answer
