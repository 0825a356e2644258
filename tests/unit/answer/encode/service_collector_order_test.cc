// The order of a service's records, and who is among them: RFC 2782, over whole answers.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/chi_square.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

// How often each record's number came first: the last octet of the address, or the port, of the answer's first record.
std::vector<std::uint64_t> count_firsts(World& world, Type type, std::size_t numbers) {
  const std::vector<std::uint8_t> query = query_of({.name = std::string(k_web), .type = type});
  const std::size_t rdata_at = query.size() + 12;
  const std::size_t number_at = rdata_at + (type == Type::a ? 3 : type == Type::aaaa ? 15 : 5);
  std::vector<std::uint64_t> counts(numbers);
  for (int i = 0; i < k_draws; ++i) {
    const Bytes answer = world.respond(query);
    ++counts.at(answer[number_at]);
  }
  return counts;
}

// Instances numbered from 0, in port and address.
std::vector<Entry> numbered(const std::vector<std::uint16_t>& weights, std::uint16_t priority = 1) {
  std::vector<Entry> entries;
  for (const std::uint16_t weight : weights) {
    const std::string number = std::to_string(entries.size());
    entries.push_back({.id = "i-" + number,
                       .addresses = {"192.0.2." + number, "2001:db8::" + number},
                       .port = static_cast<std::uint16_t>(256 + entries.size()),
                       .priority = priority,
                       .weight = weight});
  }
  return entries;
}

TEST_CASE("equal instances come first equally often") {
  World world;
  world.add_all(numbered({1, 1, 1, 1, 1}));
  const Type type = GENERATE(Type::a, Type::aaaa, Type::srv);
  CHECK(fits(count_firsts(world, type, 5), {1, 1, 1, 1, 1}));
}

TEST_CASE("instances come first as often as their weights say") {
  World world;
  world.add_all(numbered({1, 2, 3, 94}));
  const Type type = GENERATE(Type::a, Type::aaaa, Type::srv);
  CHECK(fits(count_firsts(world, type, 4), {1, 2, 3, 94}));
}

TEST_CASE("where all weights are 0 the SRV records say 1, so that HAProxy sends somebody there") {
  World world;
  world.add({.id = "a", .weight = 0, .tags = {"blue"}});
  const auto srv = [&](const char* name) { return sorted(world.ask(name, Type::srv).answer); };
  for (const std::string name : {"web.svc.internal", "_web._tcp.svc.internal", "blue.web.svc.internal"}) {
    CHECK(srv(name.c_str()) == Records{name + ". 1 SRV 1 1 8080 a.web.svc.internal."});
  }
  CHECK(srv("a.web.svc.internal") == Records{"a.web.svc.internal. 1 SRV 1 0 8080 a.web.svc.internal."});
  world.add({.id = "b", .weight = 5});
  CHECK(srv("web.svc.internal") == Records{"web.svc.internal. 1 SRV 1 0 8080 a.web.svc.internal.",
                                           "web.svc.internal. 1 SRV 1 5 8080 b.web.svc.internal."});
  CHECK(srv("blue.web.svc.internal") == Records{"blue.web.svc.internal. 1 SRV 1 1 8080 a.web.svc.internal."});
}

TEST_CASE("an instance of weight 0 comes first rarely, but it does") {
  World world;
  world.add_all(numbered({0, 1, 2}));
  const Type type = GENERATE(Type::a, Type::srv);
  const auto counts = count_firsts(world, type, 3);
  CHECK(counts[0] > 0);
  CHECK(fits(counts, {k_weight_of_zero, 1, 2}));
}

TEST_CASE("the weights of instances that share an address count together") {
  World world;
  world.add_all({{.id = "a", .addresses = {"192.0.2.0"}, .port = 1, .weight = 1},
                 {.id = "b", .addresses = {"192.0.2.0"}, .port = 2, .weight = 3},
                 {.id = "c", .addresses = {"192.0.2.1"}, .port = 3, .weight = 6}});
  CHECK(world.ask(std::string(k_web), Type::a).answer.size() == 2);
  CHECK(world.ask(std::string(k_web), Type::srv).answer.size() == 3);
  CHECK(fits(count_firsts(world, Type::a, 2), {4, 6}));
  SECTION("also while a lease among them is about to end") {
    world.pass(14s);
    world.renew("web", "b");
    world.renew("web", "c");
    CHECK(fits(count_firsts(world, Type::a, 2), {4, 6}));
    world.pass(1s);  // the first is gone, though nobody has swept
    CHECK(fits(count_firsts(world, Type::a, 2), {3, 6}));
  }
}

TEST_CASE("an instance with several addresses has its weight at each") {
  World world;
  world.add_all(
      {{.id = "a", .addresses = {"192.0.2.0", "192.0.2.1"}, .weight = 2}, {.id = "b", .addresses = {"192.0.2.2"}}});
  CHECK(fits(count_firsts(world, Type::a, 3), {2, 2, 1}));
}

TEST_CASE("SRV records come by priority, in an order of weights within each") {
  World world;
  std::vector<Entry> entries = numbered({1, 3}, 20);
  entries.push_back({.id = "best-a", .addresses = {"192.0.2.8"}, .port = 256, .priority = 0, .weight = 5});
  entries.push_back({.id = "best-b", .addresses = {"192.0.2.9"}, .port = 257, .priority = 0, .weight = 15});
  world.add_all(entries);
  CHECK(fits(count_firsts(world, Type::srv, 2), {5, 15}));
  std::set<std::string> orders;
  for (int i = 0; i < 200; ++i) {
    const Answered answered = world.ask(std::string(k_web), Type::srv);
    std::string order;
    for (const std::string& target : rdata_ends(answered.answer)) order += target.substr(0, target.find('.')) + " ";
    REQUIRE(order.starts_with("best-"));
    REQUIRE(order.find("i-") > order.rfind("best-"));
    orders.insert(order);
  }
  CHECK(orders.size() == 4);
}

TEST_CASE("A and AAAA are of the best priority alone") {
  World world;
  world.add_all({{.id = "a", .addresses = {"192.0.2.1"}, .priority = 1},
                 {.id = "b", .addresses = {"192.0.2.2", "2001:db8::2"}, .priority = 2},
                 {.id = "c", .addresses = {"192.0.2.3"}, .priority = 1}});
  CHECK(sorted(rdata_ends(world.ask(std::string(k_web), Type::a).answer)) == Records{"192.0.2.1", "192.0.2.3"});
  // The best has no IPv6: there is none, and no fallback that A would not have.
  const Answered v6 = world.ask(std::string(k_web), Type::aaaa);
  CHECK(v6.rcode == "NOERROR");
  CHECK(v6.answer.empty());
  CHECK(v6.authority.size() == 1);
  SECTION("and of the next when it is gone") {
    world.remove("web", "a");
    world.remove("web", "c");
    CHECK(rdata_ends(world.ask(std::string(k_web), Type::a).answer) == Records{"192.0.2.2"});
    CHECK(rdata_ends(world.ask(std::string(k_web), Type::aaaa).answer) == Records{"2001:db8::2"});
  }
  SECTION("or has ended without being swept") {
    world.pass(14s);
    world.renew("web", "b");
    world.pass(1s);
    CHECK(rdata_ends(world.ask(std::string(k_web), Type::a).answer) == Records{"192.0.2.2"});
    CHECK(rdata_ends(world.ask(std::string(k_web), Type::aaaa).answer) == Records{"2001:db8::2"});
  }
}

TEST_CASE("an answer limit draws anew for each answer, by weight") {
  World world({.answer_limit = 2});
  world.add_all(numbered({1, 1, 1, 7}));
  const Type type = GENERATE(Type::a, Type::aaaa, Type::srv);
  for (int i = 0; i < 100; ++i) {
    const Answered answered = world.ask(std::string(k_web), type);
    REQUIRE(answered.answer.size() == 2);
    REQUIRE(answered.answer[0] != answered.answer[1]);
    REQUIRE_FALSE(answered.truncated);
  }
  CHECK(fits(count_firsts(world, type, 4), {1, 1, 1, 7}));
}

TEST_CASE("an answer limit of as many as there are is none") {
  World world({.answer_limit = 3});
  world.add_all(numbered({1, 1, 1}));
  CHECK(world.ask(std::string(k_web), Type::a).answer.size() == 3);
  CHECK(world.ask(std::string(k_web), Type::srv).answer.size() == 3);
}

TEST_CASE("an answer limit takes the best priority first, and fills up with the next") {
  World world({.answer_limit = 2});
  std::vector<Entry> entries = numbered({1, 1, 1}, 5);
  entries.push_back({.id = "best", .addresses = {"192.0.2.9"}, .priority = 0});
  world.add_all(entries);
  for (int i = 0; i < 20; ++i) {
    const Answered answered = world.ask(std::string(k_web), Type::srv);
    REQUIRE(answered.answer.size() == 2);
    REQUIRE(rdata_ends(answered.answer).front() == "best.web.svc.internal.");
  }
}

}  // namespace
}  // namespace rollcall::answer
