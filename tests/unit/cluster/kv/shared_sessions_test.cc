// Sessions of a cluster: heartbeats at any node, ends that are made once, lock delays.
#include "catch.h"
#include "unit/cluster/kv/shared_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;
using kv::Verb;

TEST_CASE("a lock has one holder in the whole cluster, and the next one waits for the delay at every node") {
  SharedWorld world(3);
  world.begin_session(0, "one");
  world.begin_session(1, "two");
  CHECK(world.lock(0, "leader", "one", "n1"));
  CHECK_FALSE(world.lock(1, "leader", "two", "n2"));
  CHECK(std::holds_alternative<kv::Done>(*world.ask(2, kv::DestroySession{"one"})));
  world.pass(1s);
  CHECK(world.find(1, "leader")->session.empty());
  CHECK_FALSE(world.lock(0, "leader", "two"));
  CHECK_FALSE(world.lock(1, "leader", "two"));
  world.pass(12s);
  CHECK_FALSE(world.lock(2, "leader", "two"));
  world.pass(3s);
  CHECK(world.lock(2, "leader", "two", "n2"));
  world.pass(1s);
  CHECK(world.find(0, "leader")->lock_index == 2);
  CHECK_FALSE(world.store.has("/rollcall/lab.kv/session/one"));
}

TEST_CASE("a session that nobody renews ends between its TTL and twice that, once, with what it holds") {
  SharedWorld world(3);
  world.begin_session(0, "one", 10s, 0ms, kv::AtEnd::remove);
  CHECK(world.lock(0, "a", "one"));
  CHECK(world.lock(1, "b", "one"));
  world.pass(10s);
  CHECK(world.has_session(2, "one"));
  world.pass(9s);
  for (std::size_t node = 0; node < 3; ++node) {
    CHECK_FALSE(world.has_session(node, "one"));
    CHECK_FALSE(world.find(node, "a"));
    CHECK_FALSE(world.find(node, "b"));
  }
  const Revision revision = world.store.header().revision;
  world.pass(10s);
  CHECK(world.store.header().revision == revision);  // nobody ends it again
  CHECK_FALSE(world.renew(0, "one"));
}

TEST_CASE("heartbeats at any node keep a session, and half of them need no etcd") {
  SharedWorld world(3);
  world.begin_session(0, "one", 10s);
  const Revision before = world.store.header().revision;
  for (int beat = 0; beat < 40; ++beat) {
    CHECK(world.renew(static_cast<std::size_t>(beat / 10 % 3), "one"));
    world.pass(2s);
  }
  CHECK(world.has_session(1, "one"));
  CHECK(world.store.header().revision - before < 25);
}

TEST_CASE("a session outlives the node where it was made, if it is renewed elsewhere, and ends without it, if not") {
  SharedWorld world(3);
  world.begin_session(0, "kept", 10s);
  world.begin_session(0, "lost", 10s);
  world.nodes[0]->kill();
  for (int beat = 0; beat < 6; ++beat) {
    CHECK(world.renew(1, "kept"));
    world.pass(5s);
  }
  CHECK(world.has_session(2, "kept"));
  CHECK_FALSE(world.has_session(2, "lost"));
}

TEST_CASE("time without etcd counts against no session") {
  SharedWorld world;
  world.begin_session(0, "one", 10s);
  world.pass(5s);
  world.quorum.is_there = false;
  world.pass(60s);
  world.quorum.is_there = true;
  world.pass(9s);
  CHECK(world.has_session(0, "one"));
  CHECK(world.renew(1, "one"));
  world.pass(9s);
  CHECK(world.has_session(1, "one"));
  world.pass(12s);
  CHECK_FALSE(world.has_session(0, "one"));
}

TEST_CASE("a node that cannot reach etcd confirms no heartbeat that does not count") {
  SharedWorld world;
  world.begin_session(0, "one", 10s);
  world.nodes[0]->link.requests_cut = 1;
  world.pass(4500ms);
  CHECK_FALSE(world.renew(0, "one"));
}

TEST_CASE("a node that was stopped ends no session that lives elsewhere") {
  SharedWorld world;
  world.begin_session(0, "one", 10s);
  world.nodes[0]->stop();
  for (int beat = 0; beat < 10; ++beat) {
    world.pass(4s);
    CHECK(world.renew(1, "one"));
  }
  world.nodes[0]->go_on();
  world.pass(4s);
  CHECK(world.has_session(0, "one"));
  CHECK(world.has_session(1, "one"));
}

TEST_CASE("a heartbeat whose confirmation comes so late that no whole TTL is left is not confirmed") {
  SharedWorld world;
  world.begin_session(0, "one", 10s);
  world.pass(6s);
  std::optional<kv::Outcome> got;
  CHECK(world.at(0).submit(kv::RenewSession{"one"}, [&](kv::Outcome outcome) { got = std::move(outcome); }));
  world.pass(1ms);  // it is sent
  world.nodes[0]->stop();
  world.pass(6s);
  world.nodes[0]->go_on();
  world.pass(1s);
  REQUIRE(got.has_value());
  CHECK_FALSE(got->has_value());
  CHECK(world.renew(0, "one"));
}

TEST_CASE("what a session holds is bounded, so that its end is one transaction") {
  SharedWorld world;
  world.begin_session(0, "one", 0ms, 15s);
  kv::Transaction all;
  for (std::size_t i = 0; i < kv::k_shared_held_max; ++i) {
    all.operations.push_back({.verb = Verb::lock, .key = "k" + std::to_string(i), .session = "one"});
  }
  CHECK(std::holds_alternative<kv::Done>(*world.ask(0, all)));
  const kv::Outcome more = world.ask(0, kv::Transaction{{{.verb = Verb::lock, .key = "more", .session = "one"}}});
  CHECK(std::get<kv::Refusal>(*more).why == kv::Why::too_large);
  const kv::Outcome large = world.ask(
      0, kv::Transaction{{{.verb = Verb::set, .key = "k0", .value = std::string(kv::k_value_bytes_max, 'x')},
                          {.verb = Verb::set, .key = "k1", .value = std::string(kv::k_value_bytes_max, 'x')}}});
  CHECK(std::get<kv::Refusal>(*large).why == kv::Why::too_large);
  CHECK(std::holds_alternative<kv::Done>(*world.ask(1, kv::DestroySession{"one"})));
  world.pass(1s);
  CHECK(world.find(0, "k99")->session.empty());
  world.begin_session(0, "two");
  CHECK_FALSE(world.lock(0, "k50", "two"));
}

}  // namespace
}  // namespace rollcall::cluster
