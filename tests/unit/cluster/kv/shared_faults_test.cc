// Whatever fails: no acknowledged change is lost or made twice, no session ends before its TTL after a heartbeat that was
// confirmed, no lock has two holders, and no index shows two contents.
#include <cstdlib>
#include <map>
#include <set>

#include "catch.h"
#include "unit/cluster/kv/shared_world.h"

namespace rollcall::cluster {
namespace {

using namespace testing;
using kv::Verb;

class FaultyRun {
 public:
  explicit FaultyRun(std::uint64_t seed) : dice_(seed), world_(3, seed) {
    for (int i = 0; i < k_sessions; ++i) begin(i);
    for (int i = 0; i < k_adders; ++i) add(i);
    look();
  }

  void run(Time how_long) {
    fault(how_long);
    world_.pass(how_long);
    heal();
    is_over_ = true;
    world_.pass(40s);
    finish();
  }

 private:
  static constexpr int k_sessions = 4;
  static constexpr int k_adders = 3;
  struct Client {
    std::string id;
    Time confirmed{};  // the last heartbeat that was answered
    bool is_alive = false;
    int life = 0;
  };

  std::size_t some_node() { return dice_.below(3); }
  bool is_up(std::size_t node) const { return !world_.nodes[node]->is_dead; }

  // --- clients

  // A counter that grows by one with each cas that succeeds.
  void add(int adder) {
    const auto again = [this, adder] {
      if (!is_over_) world_.time.after(std::chrono::milliseconds(20 + dice_.below(400)), [this, adder] { add(adder); });
    };
    const std::size_t node = some_node();
    if (!is_up(node)) return again();
    const kv::EntryPtr now = world_.find(node, "counter");
    const std::uint64_t next = (now ? std::stoull(now->value) : 0) + 1;
    const bool taken = world_.at(node).submit(kv::Transaction{{{.verb = Verb::cas,
                                                                .key = "counter",
                                                                .value = std::to_string(next),
                                                                .index = now ? now->modify_index : 0}}},
                                              [this, again](const kv::Outcome& outcome) {
                                                if (!outcome && outcome.error().code == Errc::store_failed) ++unknown_;
                                                if (outcome && std::holds_alternative<kv::Done>(*outcome))
                                                  ++acknowledged_;
                                                again();
                                              });
    if (!taken) again();
    pending_[adder] = node;
  }

  void begin(int number) {
    Client& client = clients_[number];
    const std::size_t node = some_node();
    const int life = ++client.life;
    client.is_alive = false;
    // A client that hears nothing begins anew.
    world_.time.after(12s, [this, number, life] {
      if (clients_[number].life == life && !clients_[number].is_alive && !is_over_) begin(number);
    });
    if (!is_up(node)) return;
    client.id = "s" + std::to_string(number) + "-" + std::to_string(life);
    const std::chrono::milliseconds delay = dice_.below(2) == 0 ? 0ms : 2000ms;
    if (delay > 0ms) delayed_.insert(client.id);
    static_cast<void>(
        world_.at(node).submit(kv::CreateSession{kv::Session{.id = client.id, .ttl = 10s, .lock_delay = delay}},
                               [this, number, life](const kv::Outcome& outcome) {
                                 Client& its = clients_[number];
                                 if (its.life != life || !outcome || !std::holds_alternative<kv::Done>(*outcome))
                                   return;
                                 its.is_alive = true;
                                 its.confirmed = world_.time.now();
                                 live(number, life);
                               }));
  }

  // Heartbeats, near the end of the TTL now and then; the lock is tried for, too.
  void live(int number, int life) {
    const auto next = std::chrono::milliseconds(dice_.below(4) == 0 ? 9'900 : 1'000 + dice_.below(4'000));
    world_.time.after(next, [this, number, life] { beat(number, life); });
    const std::size_t node = some_node();
    if (!is_up(node)) return;
    static_cast<void>(world_.at(node).submit(
        kv::Transaction{
            {{.verb = Verb::lock, .key = "leader", .value = clients_[number].id, .session = clients_[number].id}}},
        [](const kv::Outcome&) {}));
  }

  void beat(int number, int life) {
    Client& client = clients_[number];
    if (client.life != life || is_over_) return;
    if (dice_.below(25) == 0) return begin(number);  // it dies
    const std::size_t node = some_node();
    if (!is_up(node)) return live(number, life);
    if (const auto known = world_.at(node).renew(client.id)) {
      REQUIRE(*known != nullptr);
      client.confirmed = world_.time.now();
      return live(number, life);
    }
    const bool taken =
        world_.at(node).submit(kv::RenewSession{client.id}, [this, number, life](const kv::Outcome& outcome) {
          Client& its = clients_[number];
          if (its.life != life) return;
          if (outcome && std::holds_alternative<kv::Done>(*outcome)) {
            its.confirmed = world_.time.now();
            return live(number, life);
          }
          if (outcome) return is_over_ ? void() : begin(number);  // it has ended
          live(number, life);
        });
    if (!taken) live(number, life);
  }

  // --- what is held against the store, at each of its revisions

  void look() {
    const auto before = std::move(world_.store.changed_hook);
    world_.store.changed_hook = [this, before](const RevisionEvents* events) {
      if (events != nullptr) check(*events);
      before(events);
    };
  }

  void check(const RevisionEvents& events) {
    for (const KeyEvent& event : events.events) {
      const std::string& key = event.now.key;
      if (event.deleted && key.starts_with(k_session)) ended(key.substr(k_session.size()));
    }
    for (const KeyEvent& event : events.events) {
      const std::string& key = event.now.key;
      if (key == "/rollcall/lab.kv/key/leader") {
        const std::string holder = holder_in(event.now.value);
        INFO("from " << holder_ << " to " << holder);
        // Never from one to the other, unless the first has ended in the same batch, without a lock delay.
        const bool may_pass_on = gone_.contains(holder_) && !delayed_.contains(holder_);
        if (!holder_.empty() && !holder.empty() && !may_pass_on) CHECK(holder == holder_);
        holder_ = holder;
      }
    }
  }

  void ended(const std::string& id) {
    CHECK(gone_.insert(id).second);
    for (auto& [number, client] : clients_) {
      if (client.id != id || !client.is_alive) continue;
      world_.time.after(1s, [this, number, life = client.life] {
        if (!is_over_ && clients_[number].life == life) begin(number);
      });
      INFO("session " << id << " after " << (world_.time.now() - client.confirmed).count() / 1'000'000 << " ms");
      CHECK(world_.time.now() - client.confirmed >= 10s);
    }
  }

  static std::string holder_in(const std::string& value) {
    const std::size_t at = value.find(R"("session":")");
    if (at == std::string::npos || at > value.find('\n')) return {};
    const std::size_t from = at + 11;
    return value.substr(from, value.find('"', from) - from);
  }

  // --- faults

  void fault(Time until) {
    if (world_.time.now() > until) return;
    const std::size_t number = some_node();
    KvNode& node = *world_.nodes[number];
    const Time lasts = std::chrono::milliseconds(100 + dice_.below(8'000));
    const auto count = [&](int& fault) {
      ++fault;
      world_.time.after(lasts, [&fault] { --fault; });
    };
    switch (dice_.below(8)) {
      case 0: count(node.link.requests_cut); break;
      case 1: count(node.link.answers_cut); break;
      case 2: count(node.link.slow_commits); break;
      case 3: count(node.link.slow_watch); break;
      case 4: count(node.link.slow_answers); break;
      case 5:
        world_.quorum.is_there = false;
        world_.time.after(lasts, [this] { world_.quorum.is_there = true; });
        break;
      case 6:
        if (node.is_stopped || node.is_dead) break;
        node.stop();
        world_.time.after(lasts, [&node] {
          if (node.is_stopped) node.go_on();
        });
        break;
      default:
        if (node.is_stopped || node.is_dead) break;
        node.kill();
        for (auto& [adder, at] : pending_) {
          if (at == number) revive(adder);
        }
        world_.time.after(lasts, [&node] {
          if (node.is_dead) node.start();
        });
        break;
    }
    if (dice_.below(10) == 0) world_.store.compact(world_.store.header().revision);
    world_.time.after(std::chrono::milliseconds(dice_.below(3'000)), [this, until] { fault(until); });
  }

  // Its answer went with the node: it may have been made.
  void revive(int adder) {
    ++unknown_;
    world_.time.after(100ms, [this, adder] {
      if (!is_over_) add(adder);
    });
  }

  void heal() {
    world_.quorum.is_there = true;
    for (const auto& node : world_.nodes) {
      if (node->is_stopped) node->go_on();
      if (node->is_dead) node->start();
    }
  }

  void finish() {
    for (std::size_t node = 0; node < 3; ++node) REQUIRE(world_.find(node, "counter"));
    const std::uint64_t counted = std::stoull(world_.find(0, "counter")->value);
    INFO(counted << " counted, " << acknowledged_ << " acknowledged, " << unknown_ << " unknown");
    CHECK(counted >= acknowledged_);
    CHECK(counted <= acknowledged_ + unknown_);
    CHECK(acknowledged_ > 20);
    CHECK_FALSE(gone_.empty());
    for (std::size_t node = 1; node < 3; ++node) {
      CHECK(world_.find(node, "counter")->modify_index == world_.find(0, "counter")->modify_index);
      const kv::EntryPtr leader = world_.find(node, "leader");  // in some runs nobody has got the lock
      CHECK((leader == nullptr) == (world_.find(0, "leader") == nullptr));
      if (leader) {
        CHECK(leader->modify_index == world_.find(0, "leader")->modify_index);
        CHECK(leader->session.empty());
      }
      CHECK_FALSE(world_.at(node).read([](const kv::View& view) { return !view.tables().sessions().empty(); }));
    }
  }

  static inline const std::string k_session = "/rollcall/lab.kv/session/";
  Random dice_;
  SharedWorld world_;
  std::map<int, Client> clients_;
  std::map<int, std::size_t> pending_;
  std::set<std::string> gone_;
  std::set<std::string> delayed_;  // those with a lock delay
  std::string holder_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t unknown_ = 0;
  bool is_over_ = false;
};

TEST_CASE("whatever fails, what was acknowledged is there once, and no session ends early") {
  const char* const seed = std::getenv("KV_SEED");
  const std::uint64_t first = seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10);
  const std::uint64_t last = seed == nullptr ? 30 : first;
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t each = first; each <= last; ++each) seeds.push_back(each);
  if (seed == nullptr) seeds.insert(seeds.end(), {195, 421, 546, 781});  // have shown faults
  for (const std::uint64_t each : seeds) {
    INFO("KV_SEED=" << each);
    FaultyRun(each).run(120s);
  }
}

}  // namespace
}  // namespace rollcall::cluster
