// What fits into an answer, and what is left of it when it does not.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

constexpr std::size_t k_opt = 11;

std::string v4(std::size_t i) { return "198.51." + std::to_string(i / 250) + "." + std::to_string(i % 250); }
std::string v6(std::size_t i) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text = "2001:db8::";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) text += k_digits[(i >> shift) & 15U];
  return text;
}

// Instances with labels of one length, so that their records are of one size.
std::vector<Entry> many(const std::string& service, std::size_t count, Type type) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    std::string id = std::to_string(i);
    id.insert(0, 5 - id.size(), '0');
    entries.push_back({.service = service, .id = id, .addresses = {type == Type::aaaa ? v6(i) : v4(i)}});
  }
  return entries;
}

std::size_t record_bytes(Type type, const std::string& service) {
  if (type == Type::a) return 12 + 4;
  if (type == Type::aaaa) return 12 + 16;
  return 12 + 6 + (1 + 5) + (1 + service.size()) + 14;
}
std::size_t question_bytes(const std::string& service) { return 12 + (1 + service.size()) + 14 + 4; }

TEST_CASE("an answer fills a datagram to its last octet, and sets TC when one record more would not fit") {
  const std::size_t limit = GENERATE(512U, 1232U, 4096U);
  const Type type = GENERATE(Type::a, Type::aaaa, Type::srv);
  World world({}, 4096);
  bool met_the_bound = false;
  // The name's length shifts the answer by single octets past the limit.
  for (std::size_t length = 1; length <= (type == Type::srv ? 63U : 28U); ++length) {
    const std::string service(length, 's');
    const Ask ask{.name = service + ".svc.internal", .type = type, .payload = static_cast<std::uint16_t>(limit)};
    const std::size_t fixed = question_bytes(service) + k_opt;
    const std::size_t size = record_bytes(type, service);
    const std::size_t fitting = (limit - fixed) / size;
    std::vector<Entry> entries = many(service, fitting + 1, type);
    const Entry last = entries.back();
    entries.pop_back();
    world.add_all(entries);
    const Answered whole = world.ask(ask);
    REQUIRE_FALSE(whole.truncated);
    REQUIRE(whole.answer.size() == fitting);
    REQUIRE(whole.size <= limit);
    REQUIRE(whole.has_opt);
    met_the_bound = met_the_bound || fixed + fitting * size == limit;

    world.add(last);
    const Answered cut = world.ask(ask);
    REQUIRE(cut.truncated);
    REQUIRE(cut.answer.size() == fitting);
    REQUIRE(cut.size == fixed + fitting * size);
    REQUIRE(cut.has_opt);
    REQUIRE(cut.additional.empty());
    for (const Entry& entry : many(service, fitting + 1, type)) world.remove(service, entry.id);
  }
  CHECK((met_the_bound || type == Type::srv));  // the sizes of SRV records move with the name's
}

TEST_CASE("without EDNS an answer has 512 octets at most, and so has one for a client that offers less") {
  World world({}, 4096);
  world.add_all(many("web", 40, Type::a));
  for (const std::optional<std::uint16_t> payload :
       {std::optional<std::uint16_t>(), std::optional<std::uint16_t>(0), std::optional<std::uint16_t>(511),
        std::optional<std::uint16_t>(512)}) {
    const Answered answered = world.ask({.name = "web.svc.internal", .type = Type::a, .payload = payload});
    CHECK(answered.truncated);
    CHECK(answered.has_opt == payload.has_value());
    CHECK(answered.size <= 512);
    CHECK(answered.answer.size() == (512 - question_bytes("web") - (payload ? k_opt : 0)) / 16);
  }
}

TEST_CASE("the server's own bound holds for clients that offer more") {
  World world({}, 1232);
  world.add_all(many("web", 200, Type::a));
  const Answered answered = world.ask({.name = "web.svc.internal", .type = Type::a, .payload = 65535});
  CHECK(answered.truncated);
  CHECK(answered.size <= 1232);
  CHECK(answered.answer.size() == (1232 - question_bytes("web") - k_opt) / 16);
}

TEST_CASE("an answer cut short is the same for every query, and begins with the best priority") {
  World world;
  std::vector<Entry> entries = many("web", 100, Type::a);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].priority = static_cast<std::uint16_t>(i < 60 ? 9 : 2);
    entries[i].weight = static_cast<std::uint16_t>(i);
  }
  world.add_all(entries);
  const Type type = GENERATE(Type::a, Type::srv);
  const Answered first = world.ask("web.svc.internal", type);
  CHECK(first.truncated);
  CHECK(first.answer.size() > 5);
  if (type == Type::srv) CHECK(rdata_ends(first.answer).front() == "00060.web.svc.internal.");
  for (int i = 0; i < 50; ++i) REQUIRE(world.ask("web.svc.internal", type).answer == first.answer);
  SECTION("also while a lease is about to end") {
    world.pass(14'500ms);
    for (std::size_t i = 1; i < entries.size(); ++i) world.renew("web", entries[i].id);
    const Records before = rdata_ends(first.answer);
    for (int i = 0; i < 50; ++i) {
      const Answered again = world.ask("web.svc.internal", type);
      REQUIRE(again.truncated);
      REQUIRE(rdata_ends(again.answer) == before);
    }
  }
}

TEST_CASE("an answer with a limit of its own that is cut short is the same for every query too") {
  World world({.answer_limit = 50});
  world.add_all(many("web", 100, Type::a));
  const Type type = GENERATE(Type::a, Type::srv);
  const Answered first = world.ask("web.svc.internal", type);
  CHECK(first.truncated);
  CHECK(first.answer.size() > 5);
  for (int i = 0; i < 50; ++i) REQUIRE(world.ask("web.svc.internal", type).answer == first.answer);
}

TEST_CASE("an instance with more addresses than fit has the first of them, and TC") {
  World world;
  Entry entry{.addresses = {}};
  for (std::size_t i = 0; i < 32; ++i) entry.addresses.push_back(v4(i));
  world.add(entry);
  const Answered answered = world.ask("i-1.web.svc.internal", Type::a);
  CHECK(answered.truncated);
  const std::size_t fitting = (512 - 12 - (4 + 4 + 14) - 4) / 16;
  REQUIRE(answered.answer.size() == fitting);
  for (std::size_t i = 0; i < fitting; ++i) CHECK(answered.answer[i] == "i-1.web.svc.internal. 1 A " + v4(i));
  CHECK_FALSE(world.ask_tcp("i-1.web.svc.internal", Type::a).truncated);
}

TEST_CASE("additional records go first, without TC, and only whole sets of them stay") {
  World world({}, 4096);
  constexpr std::size_t k_instances = 9;
  std::vector<Entry> entries = many("web", k_instances, Type::a);
  for (std::size_t i = 0; i < k_instances; ++i) entries[i].addresses = {v4(2 * i), v4(2 * i + 1), v6(i)};
  world.add_all(entries);
  const std::size_t without = question_bytes("web") + k_opt + k_instances * record_bytes(Type::srv, "web");
  const std::size_t whole = without + k_instances * (2 * 16 + 28);
  REQUIRE(without < 512);
  for (std::size_t limit = 512; limit <= whole + 1; ++limit) {
    // Sets of 32 octets (two A) and of 28 (one AAAA) take turns.
    std::size_t expected = without;
    std::size_t records = 0;
    for (std::size_t i = 0; i < 2 * k_instances; ++i) {
      const std::size_t set = i % 2 == 0 ? 32 : 28;
      if (expected + set > limit) break;
      expected += set;
      records += i % 2 == 0 ? 2U : 1U;
    }
    const Answered answered =
        world.ask({.name = "web.svc.internal", .type = Type::srv, .payload = static_cast<std::uint16_t>(limit)});
    REQUIRE_FALSE(answered.truncated);
    REQUIRE(answered.answer.size() == k_instances);
    REQUIRE(answered.additional.size() == records);
    REQUIRE(answered.size == expected);
    REQUIRE(answered.has_opt);
  }
}

TEST_CASE("additional records are of the targets of the answer, in its order") {
  World world;
  world.add_all({{.id = "a", .addresses = {"192.0.2.1"}}, {.id = "b", .addresses = {"192.0.2.2", "2001:db8::2"}}});
  for (int i = 0; i < 20; ++i) {
    const Answered answered = world.ask("web.svc.internal", Type::srv);
    const bool a_first = rdata_ends(answered.answer).front() == "a.web.svc.internal.";
    const Records of_a{"a.web.svc.internal. 1 A 192.0.2.1"};
    Records expected{"b.web.svc.internal. 1 A 192.0.2.2", "b.web.svc.internal. 1 AAAA 2001:db8::2"};
    expected.insert(a_first ? expected.begin() : expected.end(), of_a.front());
    REQUIRE(answered.additional == expected);
  }
}

TEST_CASE("over TCP an answer ends at 65535 octets, on a whole record, with TC, and each time on another part") {
  World world;
  const Type type = GENERATE(Type::a, Type::aaaa, Type::srv);
  world.add_all(many("web", 5000, type));
  const std::size_t fitting = (65535 - question_bytes("web")) / record_bytes(type, "web");
  const Answered answered = world.ask_tcp("web.svc.internal", type);
  CHECK(answered.truncated);
  CHECK(answered.answer.size() == fitting);
  CHECK(answered.size == question_bytes("web") + fitting * record_bytes(type, "web"));
  const Answered again = world.ask_tcp("web.svc.internal", type);
  CHECK(again.size == answered.size);
  CHECK(sorted(again.answer) != sorted(answered.answer));
}

TEST_CASE("over TCP every record of an answer that never fits is met sooner or later, best priorities always") {
  World world;
  const Type type = GENERATE(Type::a, Type::aaaa, Type::srv);
  std::vector<Entry> entries = many("web", 5000, type);
  if (type == Type::srv) {
    for (std::size_t i = 0; i < 4900; ++i) entries[i].priority = 2;
  }
  world.add_all(entries);
  std::set<std::string> met;
  for (int i = 0; i < 100 && met.size() < 5000; ++i) {
    const Answered answered = world.ask_tcp("web.svc.internal", type);
    met.insert(answered.answer.begin(), answered.answer.end());
    if (type != Type::srv) continue;
    const auto best = std::ranges::count_if(
        answered.answer, [](const std::string& record) { return record.starts_with("web.svc.internal. 1 SRV 1 "); });
    REQUIRE(best == 100);
  }
  CHECK(met.size() == 5000);
}

TEST_CASE("over TCP thousands of records come whole, and additional names are never pointers past their reach") {
  World world;
  const Type type = GENERATE(Type::a, Type::srv);
  world.add_all(many("web", 1000, type));
  const Answered answered = world.ask_tcp("web.svc.internal", type);
  CHECK_FALSE(answered.truncated);
  CHECK(answered.answer.size() == 1000);
  const auto targets = sorted(rdata_ends(answered.answer));
  CHECK(std::ranges::adjacent_find(targets) == targets.end());
  for (const std::string& record : answered.additional) {
    REQUIRE(std::ranges::binary_search(targets, record.substr(0, record.find(' '))));
  }
  CHECK((type == Type::a || answered.additional.size() > 300));
}

}  // namespace
}  // namespace rollcall::answer
