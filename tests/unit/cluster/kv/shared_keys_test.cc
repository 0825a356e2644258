// Keys of a cluster: one order of all changes, the same indexes everywhere, and what happens when etcd does not answer.
#include "base/rcu.h"
#include "catch.h"
#include "cluster/kv/kv_plan.h"
#include "unit/cluster/kv/shared_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;
using kv::Topic;
using kv::Verb;

const kv::Refusal& refusal_of(const kv::Outcome& outcome) {
  REQUIRE(outcome.has_value());
  REQUIRE(std::holds_alternative<kv::Refusal>(*outcome));
  return std::get<kv::Refusal>(*outcome);
}

TEST_CASE("a key that is set at one node is the same key, with the same indexes, at all") {
  SharedWorld world(3);
  CHECK(world.set(0, "web/max", "10"));
  CHECK(world.find(0, "web/max")->value == "10");  // acknowledged is visible here
  world.pass(1s);
  for (std::size_t node = 0; node < 3; ++node) {
    REQUIRE(world.find(node, "web/max"));
    CHECK(world.find(node, "web/max")->value == "10");
    CHECK(world.find(node, "web/max")->modify_index ==
          SharedWorld::k_base + static_cast<kv::Index>(world.store.changed("/rollcall/lab.kv/key/web/max")));
    CHECK(world.index(node, {Topic::Kind::prefix, "web/"}) == world.find(0, "web/max")->modify_index);
  }
  CHECK(world.does(1, {.verb = Verb::remove, .key = "web/max"}));
  world.pass(1s);
  CHECK_FALSE(world.find(0, "web/max"));
  CHECK(world.index(0, {Topic::Kind::key, "web/max"}) == world.index(2, {Topic::Kind::key, "web/max"}));
  CHECK(world.index(0, {Topic::Kind::prefix, "web/"}) == world.index(2, {Topic::Kind::prefix, "web/"}));
}

TEST_CASE("the answer to a transaction has the indexes that etcd gave") {
  SharedWorld world;
  const kv::Outcome outcome = world.ask(0, kv::Transaction{{{.verb = Verb::set, .key = "a", .value = "1"},
                                                            {.verb = Verb::set, .key = "b", .value = "2"}}});
  REQUIRE(outcome.has_value());
  const auto& done = std::get<kv::Done>(*outcome);
  REQUIRE(done.entries.size() == 2);
  CHECK(done.entries[0].entry->modify_index == world.find(0, "a")->modify_index);
  CHECK(done.entries[0].entry->create_index == world.find(0, "a")->create_index);
  CHECK(done.index == world.find(0, "b")->modify_index);
}

TEST_CASE("of two nodes that change a key at the same index one succeeds") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SharedWorld world(3, seed);
    CHECK(world.set(0, "a", "0"));
    world.pass(1s);
    const kv::Index index = world.find(0, "a")->modify_index;
    int done = 0;
    int answered = 0;
    for (std::size_t node = 0; node < 3; ++node) {
      const auto count = [&](const kv::Outcome& outcome) {
        ++answered;
        if (outcome && std::holds_alternative<kv::Done>(*outcome)) ++done;
      };
      CHECK(world.at(node).submit(
          kv::Transaction{{{.verb = Verb::cas, .key = "a", .value = "n" + std::to_string(node), .index = index}}},
          count));
    }
    world.pass(5s);
    CHECK(answered == 3);
    CHECK(done == 1);
  }
}

TEST_CASE("what another node has acknowledged is not refused by one that does not show it yet") {
  SharedWorld world;
  world.nodes[1]->link.slow_watch = 1;
  CHECK(world.set(0, "a", "1"));
  const kv::Index index = world.find(0, "a")->modify_index;
  CHECK(world.does(1, {.verb = Verb::cas, .key = "a", .value = "2", .index = index}));
}

TEST_CASE("a consistent read shows what was acknowledged elsewhere before it") {
  SharedWorld world;
  CHECK(world.set(0, "a", "1"));
  std::optional<bool> caught_up;
  std::string shown;
  world.at(1).catch_up([&](bool is) {
    caught_up = is;
    if (world.find(1, "a")) shown = world.find(1, "a")->value;
  });
  world.pass(1s);
  REQUIRE(caught_up.has_value());
  CHECK(*caught_up);
  CHECK(shown == "1");
  world.quorum.is_there = false;
  caught_up.reset();
  world.at(1).catch_up([&](bool is) { caught_up = is; });
  world.pass(7s);
  REQUIRE(caught_up.has_value());
  CHECK_FALSE(*caught_up);
}

TEST_CASE("without etcd's quorum nothing changes, and clients hear of it; afterwards all goes on") {
  SharedWorld world;
  CHECK(world.set(0, "a", "1"));
  world.nodes[0]->link.requests_cut = 1;
  const kv::Outcome refused = world.ask(0, kv::Transaction{{{.verb = Verb::set, .key = "a", .value = "2"}}});
  REQUIRE_FALSE(refused.has_value());
  CHECK((refused.error().code == Errc::store_failed || refused.error().code == Errc::not_in_charge));
  CHECK(refused.error().message.find("etcd") != std::string::npos);
  CHECK(world.find(0, "a")->value == "1");
  // The second finds the first in doubt, and is certainly not made.
  const kv::Outcome second = world.ask(0, kv::Transaction{{{.verb = Verb::set, .key = "b", .value = "2"}}});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::not_in_charge);
  world.nodes[0]->link.requests_cut = 0;
  CHECK(world.set(0, "c", "3"));
  CHECK_FALSE(world.find(0, "b"));
}

TEST_CASE("a change whose answer is lost is made once") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SharedWorld world(2, seed);
    CHECK(world.set(0, "a", "1"));
    world.nodes[0]->link.answers_cut = 1;
    std::optional<kv::Outcome> got;
    const kv::Index index = world.find(0, "a")->modify_index;
    CHECK(world.at(0).submit(kv::Transaction{{{.verb = Verb::cas, .key = "a", .value = "2", .index = index}}},
                             [&](kv::Outcome outcome) { got = std::move(outcome); }));
    world.pass(3100ms);  // the call of the engine is over
    CHECK_FALSE(got.has_value());
    CHECK(world.find(1, "a")->value == "2");
    world.nodes[0]->link.answers_cut = 0;
    world.pass(1500ms);
    REQUIRE(got.has_value());
    CHECK((*got && std::holds_alternative<kv::Done>(**got)));  // not `false`: it is not compared with itself
    CHECK(world.find(0, "a")->value == "2");
  }
}

TEST_CASE("what is too large for a transaction of etcd is refused with a sentence, and its neighbours are done") {
  SharedWorld world;
  kv::Transaction many;
  for (int i = 0; i < 125; ++i) {
    many.operations.push_back({.verb = Verb::set, .key = "k" + std::to_string(i), .value = "v"});
  }
  int done = 0;
  CHECK(world.at(0).submit(kv::Transaction{{{.verb = Verb::set, .key = "a", .value = "1"}}},
                           [&](const auto&) { ++done; }));
  std::optional<kv::Outcome> refused;
  CHECK(world.at(0).submit(many, [&](kv::Outcome outcome) { refused = std::move(outcome); }));
  CHECK(world.at(0).submit(kv::Transaction{{{.verb = Verb::set, .key = "b", .value = "1"}}},
                           [&](const auto&) { ++done; }));
  world.pass(2s);
  REQUIRE(refused.has_value());
  CHECK(refusal_of(*refused).why == kv::Why::too_large);
  CHECK(refusal_of(*refused).what.find("120 keys") != std::string::npos);
  CHECK(done == 2);
  CHECK(world.find(0, "b"));
  CHECK_FALSE(world.find(0, "k0"));
  many.operations.resize(120);
  CHECK(std::holds_alternative<kv::Done>(*world.ask(0, many)));

  const std::string large(kv::k_value_bytes_max, 'x');
  CHECK(world.set(1, "large", large));
  kv::Transaction three;
  for (int i = 0; i < 3; ++i) {
    three.operations.push_back({.verb = Verb::set, .key = "l" + std::to_string(i), .value = large});
  }
  CHECK(refusal_of(world.ask(1, three)).why == kv::Why::too_large);
  three.operations.resize(2);
  CHECK(std::holds_alternative<kv::Done>(*world.ask(1, three)));
  world.pass(1s);
  CHECK(world.find(0, "l1")->value == large);
}

TEST_CASE("a node that starts, or has missed history that is compacted, reads what is there") {
  SharedWorld world;
  CHECK(world.set(0, "a", "1"));
  CHECK(world.set(0, "gone", "1"));
  world.pass(1s);
  world.nodes[1]->link.requests_cut = world.nodes[1]->link.answers_cut = 1;
  CHECK(world.set(0, "a", "2"));
  CHECK(world.does(0, {.verb = Verb::remove, .key = "gone"}));
  world.store.compact(world.store.header().revision);
  world.pass(1s);
  CHECK(world.find(1, "a")->value == "1");
  world.nodes[1]->link.requests_cut = world.nodes[1]->link.answers_cut = 0;
  world.pass(10s);
  CHECK(world.find(1, "a")->value == "2");
  CHECK_FALSE(world.find(1, "gone"));
  world.nodes[1]->kill();
  world.nodes[1]->start();
  CHECK_FALSE(world.at(1).why_unread().empty());
  world.pass(1s);
  CHECK(world.at(1).why_unread().empty());
  CHECK(world.find(1, "a")->value == "2");
  CHECK(world.find(1, "a")->modify_index == world.find(0, "a")->modify_index);
}

TEST_CASE("a query is found by its name at all nodes") {
  SharedWorld world;
  kv::Query query{.id = "11111111-2222-3333-4444-555555555555", .name = "Near"};
  query.definition = R"({"Name":"Near","Service":{"Service":"web","Tags":["v1"]}})";
  CHECK(std::holds_alternative<kv::Done>(*world.ask(0, kv::PutQuery{query, true})));
  world.pass(1s);
  const rcu::ReadLock lock;
  const auto* const asked = world.at(1).queries().find_query("near");
  REQUIRE(asked != nullptr);
  CHECK(asked->service == "web");
}

TEST_CASE("keys in etcd that cannot be read are left out, and disturb nobody") {
  SharedWorld world;
  world.store.apply({.puts = {{"/rollcall/lab.kv/key/by-hand", "no line of JSON"},
                              {"/rollcall/lab.kv/session/x", "[]"},
                              {"/rollcall/lab.kv/query/q", "{}"},
                              {"/rollcall/lab.kv/delay/d", "{\"a\":\"long\"}"},
                              {"/rollcall/lab.kv/other", "x"}}},
                    0);
  world.pass(1s);
  CHECK_FALSE(world.find(0, "by-hand"));
  CHECK(world.set(0, "by-hand", "1"));
  CHECK(world.find(0, "by-hand")->value == "1");
}

}  // namespace
}  // namespace rollcall::cluster
