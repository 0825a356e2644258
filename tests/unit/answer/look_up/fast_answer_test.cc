// The usual way is a short cut: whatever it answers, the whole way answers with the same octets.
#include <algorithm>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

constexpr std::uint64_t k_questions_seed = 20'261'121;

// Two responders over one roll: one of them never takes the short cut.
struct TwoWays {
  explicit TwoWays(const AnswerPolicy& policy = {}, std::size_t udp_payload = 1232)
      : world(policy, udp_payload),
        whole(world.zones, world.roster, {.udp_payload = udp_payload, .explains = true}),
        other(std::make_unique<WorkerState>()) {}

  // Both see the same chances. The answer of the usual way is returned.
  std::vector<std::uint8_t> ask(Bytes query, std::uint64_t chance) {
    world.worker->random = Random(chance);
    other->random = Random(chance);
    const Bytes usual = world.respond(query);
    const std::size_t size =
        whole.respond(query, Transport::udp, world.clock.now(), WritableBytes(room).first(whole.udp_payload()), *other)
            .bytes;
    const Bytes expected = Bytes(room).first(size);
    CHECK(std::ranges::equal(usual, expected));
    return {usual.begin(), usual.end()};
  }

  World world;
  Responder whole;
  std::unique_ptr<WorkerState> other;
  std::vector<std::uint8_t> room = std::vector<std::uint8_t>(limits::k_message_bytes_max);
};

Entry random_entry(Random& random, std::uint32_t services) {
  const std::string number = std::to_string(random.below(250));
  Entry entry{.service = "s" + std::to_string(random.below(services)), .id = "i-" + number};
  entry.addresses = {"192.0.2." + number};
  if (random.below(3) == 0) entry.addresses = {"2001:db8::" + number, "198.51.100." + number};
  entry.priority = static_cast<std::uint16_t>(random.below(4) == 0 ? 2 : 1);
  entry.weight = static_cast<std::uint16_t>(random.below(3) == 0 ? random.below(5) : 1);
  entry.ttl = std::chrono::milliseconds(1000 + random.below(20'000));
  if (random.below(8) == 0) entry.zone = registry::ZoneId{1};
  if (random.below(4) == 0) entry.protocol = registry::Protocol::udp;
  return entry;
}

std::vector<std::uint8_t> random_query(Random& random, std::uint32_t services) {
  static const std::vector<std::string> zones{"svc.internal", "SVC.Internal", "lab.example", "LAB.EXAMPLE", "internal"};
  static const std::vector<Type> types{Type::a, Type::a, Type::aaaa, Type::srv, Type::srv, Type::txt, Type::any};
  static const std::vector<std::string> labels{"s", "S", "s", "_s", "_S", "nobody", "s9.i-1."};
  static const std::vector<std::string> protocols{"", "", "_tcp.", "_TCP.", "_udp.", "_xdp."};
  const std::string name = labels[random.below(static_cast<std::uint32_t>(labels.size()))] +
                           std::to_string(random.below(services + 1)) + "." +
                           protocols[random.below(static_cast<std::uint32_t>(protocols.size()))] +
                           zones[random.below(static_cast<std::uint32_t>(zones.size()))];
  Ask ask{.name = name, .type = types[random.below(static_cast<std::uint32_t>(types.size()))]};
  if (random.below(2) == 0) ask.payload = static_cast<std::uint16_t>(random.below(1500));
  std::vector<std::uint8_t> query = query_of(ask);
  if (random.below(4) == 0) query[2] ^= static_cast<std::uint8_t>(1U << random.below(8));  // QR, opcode, AA, TC, RD
  if (random.below(4) == 0) query[3] ^= static_cast<std::uint8_t>(1U << random.below(8));  // RA, Z, AD, CD, rcode
  return query;
}

void damage(std::vector<std::uint8_t>& query, Random& random) {
  const auto at = [&] { return random.below(static_cast<std::uint32_t>(query.size())); };
  switch (random.below(3)) {
    case 0: query[at()] = static_cast<std::uint8_t>(random.below(256)); break;
    case 1: query.resize(at()); break;
    default: query.push_back(static_cast<std::uint8_t>(random.below(256))); break;
  }
}

TEST_CASE("the usual way and the whole way give the same octets, as leases come and go") {
  const bool is_limited = GENERATE(false, true);
  TwoWays ways({.answer_limit = is_limited ? 2U : 0U}, is_limited ? 1232 : 4096);
  INFO("seed " << k_questions_seed);
  Random random(k_questions_seed);
  constexpr std::uint32_t k_services = 12;
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 12; ++i) ways.world.add(random_entry(random, k_services));
    for (int i = 0; i < 60; ++i) {
      std::vector<std::uint8_t> query = random_query(random, k_services);
      if (random.below(4) == 0) damage(query, random);
      ways.ask(query, random.next());
    }
    ways.world.pass(std::chrono::milliseconds(random.below(1500)));
  }
}

TEST_CASE("a service of many instances is cut like any other, and every payload has its answer") {
  TwoWays ways({}, 65'535);
  std::vector<Entry> entries;
  for (int i = 0; i < 120; ++i) {
    entries.push_back(
        {.service = "wide", .id = "i-" + std::to_string(i), .addresses = {"192.0.2." + std::to_string(i)}});
  }
  ways.world.add_all(entries);
  for (const Type type : {Type::a, Type::aaaa, Type::srv}) {
    for (std::uint32_t payload = 500; payload < 20'000; payload += 7) {
      ways.ask(query_of({.name = "wide.svc.internal", .type = type, .payload = static_cast<std::uint16_t>(payload)}),
               payload);
    }
  }
}

TEST_CASE("a place that is read into again forgets what it held") {
  World world;
  const rcu::ReadLock lock;
  FastQuery question;
  const auto read = [&](const std::vector<std::uint8_t>& query) { return question.read(query, world.zones.table()); };
  std::vector<std::uint8_t> with_opt = query_of({.name = "_web._udp.svc.internal", .type = Type::srv, .payload = 4096});
  with_opt[with_opt.size() - 4] = 0x80;  // DO
  REQUIRE(read(with_opt));
  CHECK(question.dnssec_ok);
  CHECK(question.payload == 4096);
  CHECK(question.protocol == registry::Protocol::udp);
  CHECK(question.label() == "web");
  REQUIRE(read(query_of({.name = "API.svc.internal", .type = Type::a})));
  CHECK_FALSE(question.dnssec_ok);
  CHECK_FALSE(question.has_opt);
  CHECK(question.payload == 512);
  CHECK_FALSE(question.protocol);
  CHECK(question.label() == "api");
  CHECK_FALSE(read(query_of({.name = "web.example", .type = Type::a})));
  CHECK_FALSE(question.is_fast);
}

TEST_CASE("an answer of the usual way is counted, and beyond the rate it is cut") {
  World world;
  world.add({.service = "web"});
  const Responder limited(world.zones, world.roster, {.rate_limit = {.rate = 5}});
  const std::vector<std::uint8_t> query = query_of({.name = "web.svc.internal", .type = Type::a});
  const Client client(Transport::udp, IpAddress::parse("203.0.113.7").value());
  std::size_t cut = 0;
  for (int i = 0; i < 8; ++i) {
    const std::size_t size = limited.respond(query, client, world.clock.now(), world.room, *world.worker).bytes;
    if (size == query.size()) ++cut;
    CHECK(((world.room[2] & 2U) != 0) == (size == query.size()));  // TC: as long as the question
  }
  CHECK(cut == 3);
  CHECK(world.worker->counters.answers(0, 0) == 8);  // A, NOERROR
  CHECK(world.worker->counters.truncated() == 3);
}

}  // namespace
}  // namespace rollcall::answer
