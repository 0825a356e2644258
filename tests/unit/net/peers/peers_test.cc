#include "net/peers/peers.h"

#include "base/limits.h"
#include "unit/net/peers/world.h"

namespace rollcall::net {
namespace {

using testing::comes_true;
using testing::Node;
using testing::poll_of;
using testing::RawPeer;
using namespace std::chrono_literals;
using cluster::PeerRefusal;

TEST_CASE("two nodes tell each other what they have heard") {
  Node a("n1");
  Node b("n2");
  b.self = "n2";
  a.dial("n2", b.address());
  b.dial("n1", a.address());
  REQUIRE(a.exchanges_with("n2"));
  REQUIRE(b.exchanges_with("n1"));
  const auto [poll, answer] = a.service.last();
  CHECK(poll.to == "n2");
  CHECK(answer.items.size() == 2);
  CHECK(answer.applied == 7);
  CHECK(a.service.polls > 0);
  const cluster::PeerCounters counters = a.peers->counters();
  CHECK(counters.connected == 1);
  CHECK(counters.connects == 1);
  CHECK(counters.accepts == 1);
  CHECK(counters.polls_answered > 0);
  CHECK(counters.round_trips.counts.size() == counters.round_trips.bounds.size() + 1);
}

TEST_CASE("an answer of a MiB passes whole") {
  Node a("n1");
  Node b("n2");
  b.service.items = cluster::k_items_max;
  a.dial("n2", b.address());
  REQUIRE(a.exchanges_with("n2"));
  const auto items = a.service.last().second.items;
  REQUIRE(items.size() == cluster::k_items_max);
  CHECK(items.back().id == cluster::InstanceId{{65'535, 2, 3}});
}

TEST_CASE("a node is dialled by its host's name") {
  Node a("n1");
  Node b("n2");
  a.dial("n2", "localhost:" + std::to_string(b.peers->endpoint().port));
  CHECK(a.exchanges_with("n2"));
}

TEST_CASE("a question about a drain is answered, and one that nobody answers is given up") {
  Node a("n1");
  Node b("n2");
  a.dial("n2", b.address());
  REQUIRE(a.exchanges_with("n2"));
  std::mutex mutex;
  std::vector<std::optional<cluster::DrainAnswer>> answers;
  const auto keep = [&](std::optional<cluster::DrainAnswer> answer) {
    const std::scoped_lock hold(mutex);
    answers.push_back(answer);
  };
  const auto count = [&] {
    const std::scoped_lock hold(mutex);
    return answers.size();
  };
  a.peers->ask("n2", {"z.test", "web", "x1", 9}, keep);
  REQUIRE(comes_true([&] { return count() == 1; }));
  REQUIRE(answers[0].has_value());
  CHECK(answers[0]->is_applied);
  CHECK(answers[0]->safe_in == 1'500ms);
  a.peers->ask("n3", {"z.test", "web", "x1", 9}, keep);
  REQUIRE(comes_true([&] { return count() == 2; }));
  CHECK_FALSE(answers[1].has_value());
  a.dial("n4", "127.0.0.1:1");
  a.peers->ask("n4", {"z.test", "web", "x1", 9}, keep);
  REQUIRE(comes_true([&] { return count() == 3; }));
  CHECK_FALSE(answers[2].has_value());
}

TEST_CASE("a node that was restarted on its port is found again") {
  Node a("n1");
  auto b = std::make_unique<Node>("n2");
  const IpEndpoint endpoint = b->peers->endpoint();
  a.dial("n2", endpoint.text());
  REQUIRE(a.exchanges_with("n2"));
  b.reset();
  REQUIRE(comes_true([&] { return a.peers->counters().connected == 0; }));
  PeerSettings same;
  same.listen = endpoint;
  b = std::make_unique<Node>("n2", same);
  CHECK(a.exchanges_with("n2"));
  CHECK(a.peers->counters().connects == 2);
}

TEST_CASE("garbage, another version and a frame too large end the connection, counted each") {
  Node a("n1");
  const auto refuses = [&](std::string_view text, PeerRefusal reason) {
    const std::uint64_t before = a.refused(reason);
    RawPeer raw(a.peers->endpoint());
    raw.send(text);
    CHECK(raw.is_ended());
    CHECK(comes_true([&] { return a.refused(reason) == before + 1; }));
  };
  refuses("GET / HTTP/1.1\r\n\r\n", PeerRefusal::malformed);
  refuses(std::string_view("\0\0\0\4\2\1\0\0", 8), PeerRefusal::version);
  refuses(std::string_view("\0\1\0\0\1\1\0\0", 8), PeerRefusal::too_large);
  refuses(std::string_view("\0\0\0\4\1\2\0\0", 8), PeerRefusal::malformed);  // ready before hello
}

TEST_CASE("another cluster, and this node's own name, are refused") {
  Node a("n1");
  RawPeer other(a.peers->endpoint());
  other.greet("n2", nullptr, "test");
  CHECK(other.is_ended());
  RawPeer namesake(a.peers->endpoint());
  namesake.greet("n1");
  CHECK(namesake.is_ended());
  CHECK(a.refused(PeerRefusal::cluster) == 1);
  CHECK(a.refused(PeerRefusal::name) == 1);
}

TEST_CASE("a node that answers under another name than was dialled is not polled") {
  Node a("n1");
  Node b("n2");
  a.dial("n3", b.address());
  a.poll("n3");
  CHECK(comes_true([&] { return a.refused(PeerRefusal::name) > 0; }));
  CHECK(a.service.taken() == 0);
  CHECK(b.service.polls == 0);
}

TEST_CASE("lies about the log, and polls in another's name, are refused before anybody believes them") {
  Node a("n1");
  {
    RawPeer raw(a.peers->endpoint());
    raw.greet("n2");
    raw.send_sealed(poll_of("n2"));
    CHECK_FALSE(raw.receive_frame().empty());
    raw.send_sealed(poll_of("n2", 3));
    CHECK(raw.is_ended());
    CHECK(a.refused(PeerRefusal::sequence) == 1);
    CHECK(a.service.polls == 1);
  }
  RawPeer raw(a.peers->endpoint());
  raw.greet("n2");
  raw.send_sealed(poll_of("n3"));
  CHECK(raw.is_ended());
  CHECK(a.refused(PeerRefusal::name) == 1);
  CHECK(a.service.polls == 1);
}

TEST_CASE("an answer with more items than its log has numbers is not taken") {
  Node a("n1");
  Node b("n2");
  b.service.lies = true;
  a.dial("n2", b.address());
  CHECK(comes_true([&] {
    a.poll("n2");
    std::this_thread::sleep_for(5ms);
    return a.refused(PeerRefusal::sequence) > 0;
  }));
  CHECK(a.service.taken() == 0);
}

TEST_CASE("a peer that does not read, and one that says nothing, hold up nobody") {
  Node a("n1");
  Node b("n2");
  a.service.items = cluster::k_items_max;
  RawPeer silent(a.peers->endpoint());
  RawPeer deaf(a.peers->endpoint());
  deaf.greet("n3");
  for (int i = 0; i < 64; ++i) deaf.send_sealed(poll_of("n3"));
  b.self = "n2";
  b.dial("n1", a.address());
  for (int i = 0; i < 5; ++i) CHECK(b.exchanges_with("n1"));
  CHECK(comes_true([&] { return a.refused(PeerRefusal::late) == 2; }));
  CHECK(b.exchanges_with("n1"));
}

TEST_CASE("a new connection of a node ends its older one") {
  Node a("n1");
  RawPeer older(a.peers->endpoint());
  older.greet("n2");
  older.send_sealed(poll_of("n2"));
  CHECK_FALSE(older.receive_frame().empty());
  RawPeer newer(a.peers->endpoint());
  newer.greet("n2");
  CHECK(older.is_ended());
  newer.send_sealed(poll_of("n2"));
  CHECK_FALSE(newer.receive_frame().empty());
}

TEST_CASE("while a poll is under way the newest waits, and those before are given up") {
  Node a("n1");
  a.dial("n2", "127.0.0.1:1");
  for (int i = 0; i < 5; ++i) a.poll("n2");
  CHECK(comes_true([&] { return a.peers->counters().polls_given_up == 4; }));
  a.poll("unknown");
  CHECK(comes_true([&] { return a.peers->counters().polls_given_up == 5; }));
}

TEST_CASE("every question has an answer, also one that is asked while the node stops") {
  for (int round = 0; round < 20; ++round) {
    Node a("n1");
    std::atomic<int> asked{0};
    std::atomic<int> answered{0};
    std::atomic<bool> is_over{false};
    std::thread asking([&] {
      while (!is_over) {
        ++asked;
        a.peers->ask("n2", {"z.test", "web", "a", 9}, [&](std::optional<cluster::DrainAnswer>) { ++answered; });
      }
    });
    std::this_thread::sleep_for(2ms);
    a.peers->stop();
    is_over = true;
    asking.join();
    CHECK(asked == answered);
  }
}

TEST_CASE("whoever leaves the list is not dialled any more") {
  Node a("n1");
  Node b("n2");
  a.dial("n2", b.address());
  REQUIRE(a.exchanges_with("n2"));
  a.peers->set_peers({});
  CHECK(comes_true([&] { return a.peers->counters().connected == 0; }));
}

}  // namespace
}  // namespace rollcall::net
