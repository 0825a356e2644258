// Signed queries (RFC 8945) where there is little room, or too much asked.
#include <algorithm>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using Octets = std::vector<std::uint8_t>;

constexpr std::size_t k_flags_at = 2;
constexpr std::uint16_t k_tc = 0x0200;

dns::Name long_name(char letter) {
  const std::string label(60, letter);
  return *dns::Name::parse(label + '.' + label + '.' + label + '.' + label);
}

const dns::TsigKey k_known{*dns::Name::parse("transfer"), dns::TsigAlgorithm::hmac_sha256, "secret"};

struct SignedWorld {
  explicit SignedWorld(ResponderSettings settings, dns::TsigKeys keys = {k_known})
      : responder([&] {
          settings.tsig_keys = std::move(keys);
          return Responder(world.zones, world.roster, std::move(settings));
        }()) {}

  // The answer to a query for `name`, signed with `key`.
  Octets ask(const std::string& name, const dns::TsigKey& key) {
    Octets query = query_of({.name = name, .type = dns::Type::a, .payload = {}});
    const std::size_t size = query.size();
    query.resize(size + 1024);
    query.resize(dns::TsigSigner(key).sign(query, size, 1'000'000));
    world.worker->wall_seconds = 1'000'000;
    const Client client(Transport::udp, *IpAddress::parse("192.0.2.9"));
    const std::size_t answered = responder.respond(query, client, world.clock.now(), world.room, *world.worker).bytes;
    return {world.room.begin(), world.room.begin() + static_cast<std::ptrdiff_t>(answered)};
  }

  World world;
  Responder responder;
};

std::string long_question() {
  const std::string label(60, 'n');
  return label + '.' + label + '.' + label + '.' + std::string(50, 'n') + ".svc.internal";
}

TEST_CASE("a refusal whose signature would exceed what the client takes goes without it, with TC") {
  SignedWorld world({.udp_payload = 1232});
  const Octets refused = world.ask(long_question(), {long_name('k'), k_known.algorithm, "secret"});
  CHECK(refused.size() <= 512);
  CHECK((load_u16(&refused[k_flags_at]) & k_tc) != 0);
  CHECK(load_u16(&refused[10]) == 0);
  const Octets shorter = world.ask("web.svc.internal", {*dns::Name::parse("other"), k_known.algorithm, "secret"});
  CHECK((load_u16(&shorter[k_flags_at]) & k_tc) == 0);
  CHECK(load_u16(&shorter[10]) == 1);
}

TEST_CASE("an answer whose signature would exceed what the client takes goes without it, with TC") {
  const dns::TsigKey key{long_name('k'), k_known.algorithm, "secret"};
  SignedWorld world({.udp_payload = 1232}, {key});
  const Octets answered = world.ask(long_question(), key);
  CHECK(answered.size() <= 512);
  CHECK((load_u16(&answered[k_flags_at]) & k_tc) != 0);
}

TEST_CASE("refusals of signatures count against the rate of their network, and then are not sent") {
  SignedWorld world({.rate_limit = {.rate = 2, .slip = 0}});
  const dns::TsigKey wrong{*dns::Name::parse("other"), k_known.algorithm, "secret"};
  std::size_t answered = 0;
  for (int i = 0; i < 20; ++i) answered += world.ask("web.svc.internal", wrong).empty() ? 0U : 1U;
  CHECK(answered > 0);
  CHECK(answered < 20);
}

}  // namespace
}  // namespace rollcall::answer
