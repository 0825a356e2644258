#include "cluster/node/drains.h"

#include "catch.h"

namespace rollcall::cluster {
namespace {

using namespace std::chrono_literals;

class AskedPeers final : public PeerNetwork {
 public:
  void set_peers(std::vector<PeerAddress>) override {}
  void send(SentPoll) override {}
  void ask(const std::string& peer, DrainQuestion, std::function<void(std::optional<DrainAnswer>)> reply) override {
    asked.emplace_back(peer, std::move(reply));
  }
  [[nodiscard]] PeerCounters counters() const override { return {}; }
  void answer(const std::optional<DrainAnswer>& answer) {
    const auto first = std::move(asked.front());
    asked.erase(asked.begin());
    first.second(answer);
  }
  std::vector<std::pair<std::string, std::function<void(std::optional<DrainAnswer>)>>> asked;
};

TEST_CASE("a drain is safe when every member has said so, and the last of them decides") {
  ManualClock clock;
  AskedPeers peers;
  const auto drains = std::make_shared<Drains>(clock);
  const DrainQuestion drain{.zone = "svc.internal", .service = "web", .id = "a", .revision = 7};
  const std::vector<std::string> members{"n2", "n3"};
  drains->tick(members, peers);
  CHECK(drains->look(drain, clock.now()).missing == members);
  drains->tick(members, peers);
  drains->tick(members, peers);
  REQUIRE(peers.asked.size() == 2);  // one question each, while it is under way
  peers.answer(DrainAnswer{.is_applied = true, .safe_in = 5s});
  peers.answer(DrainAnswer{});  // has not followed the drain yet
  CHECK(drains->look(drain, clock.now()).missing == std::vector<std::string>{"n3"});
  CHECK(drains->look(drain, clock.now()).safe_at == LeaseTime::max());
  drains->tick(members, peers);
  CHECK(peers.asked.empty());  // not at once
  clock.advance(k_ask_again);
  drains->tick(members, peers);
  REQUIRE(peers.asked.size() == 1);
  peers.answer(std::nullopt);
  clock.advance(k_ask_again);
  drains->tick(members, peers);
  REQUIRE(peers.asked.size() == 1);
  peers.answer(DrainAnswer{.is_applied = true, .safe_in = 1s});
  CHECK(drains->look(drain, clock.now()).missing.empty());
  CHECK(drains->look(drain, clock.now()).safe_at == clock.now() - 2 * k_ask_again + 5s);
  // Who has gone is not waited for.
  drains->tick({"n4"}, peers);
  CHECK(drains->look(drain, clock.now()).missing == std::vector<std::string>{"n4"});
}

}  // namespace
}  // namespace rollcall::cluster
