#include "support/cluster/sim_run.h"

#include <cstdio>
#include <cstdlib>

namespace rollcall::cluster::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Time k_settled = seconds(30);            // after the last fault everything is as always (without backoff)
constexpr Time k_calm_late = milliseconds(2'500);  // rank, polls and commits, with the slowest of the latencies
constexpr Time k_asks_max = seconds(9);            // two registrations that are given up

}  // namespace

SimRun::SimRun(const SimOptions& options, Limits limits) : world(options), limits_(limits) {
  world.calm_after = k_settled;
  const std::array<Time, 6> ttls{seconds(1), seconds(2), seconds(3), seconds(3), seconds(6), seconds(15)};
  for (std::uint32_t i = 0; i < limits.clients; ++i) {
    SimClient client;
    client.instance = i;
    client.ttl = std::min(ttls[world.random.below(6)], limits.ttl_max);
    client.rhythm = std::array{.33, .33, .6, .93}[world.random.below(4)];
    client.edgy = std::array{0U, 30U, 60U, 100U}[world.random.below(4)];
    client.twins = std::array{0U, 20U}[world.random.below(2)];
    client.fickle = std::array{0U, 0U, 5U, 15U}[world.random.below(4)];
    client.leaver = std::array{0U, 0U, 0U, 4U}[world.random.below(4)];
    clients_.push_back(client);
    world.time.at(between(7'000, 12'000), [this, i] { come(i); });
  }
  world.time.at(limits.faults_from, [this] { fault(); });
}

Time SimRun::between(std::int64_t low_ms, std::int64_t high_ms) {
  return std::chrono::microseconds(low_ms * 1'000 +
                                   world.random.below(static_cast<std::uint32_t>((high_ms - low_ms) * 1'000)));
}

// ---------------------------------------------------------------- clients

Time SimRun::wait_of(const SimClient& client) {
  const std::int64_t ttl_ms = client.ttl / milliseconds(1);
  if (percent(client.edgy)) return between(ttl_ms - 150, ttl_ms + 200);
  const double part = client.rhythm * (.9 + .15 * world.random.unit());
  return milliseconds(static_cast<std::int64_t>(static_cast<double>(ttl_ms) * part));
}

void SimRun::come(std::size_t number) {
  SimClient& client = clients_[number];
  if (is_over_) return;
  if (world.store.has(key_of(client.instance))) {
    world.time.after(milliseconds(400), [this, number] { come(number); });
    return;
  }
  ++client.life;
  client.alive = true;
  client.asks_since.reset();
  client.dies = world.time.now() + between(5'000, 60'000);
  world.leaving.erase(client.instance);
  live(number);
}

void SimRun::live(std::size_t number) {
  SimClient& client = clients_[number];
  const int node = some_node();
  SimNode& asked = *world.nodes[static_cast<std::size_t>(node)];
  auto done = std::make_shared<bool>(false);
  world.verdicts.trace(client.instance, world.time.now(), "client asks n" + std::to_string(node) + " to register it");
  const auto answer = [this, number, node, life = client.life, done](Verdict verdict) {
    if (std::exchange(*done, true)) return;
    world.verdicts.trace(clients_[number].instance, world.time.now(),
                         "client told by n" + std::to_string(node) + ": " + std::to_string(static_cast<int>(verdict)));
    SimClient& same = clients_[number];
    if (same.life != life) return;
    if (verdict == Verdict::answer) {
      same.asks_since.reset();
      world.time.after(wait_of(same), [this, number, node, life] {
        if (clients_[number].life == life) beat(number, node, 0);
      });
    } else {
      world.time.after(milliseconds(300), [this, number, life] {
        if (clients_[number].life == life && clients_[number].alive) live(number);
      });
    }
  };
  if (is_over_) return;
  if (!client.asks_since) client.asks_since = world.time.now();
  asked.put(client.instance, client.ttl, answer);
  world.time.after(seconds(4), [answer] { answer(Verdict::refuse); });
}

void SimRun::beat(std::size_t number, int node, int tries) {
  SimClient& client = clients_[number];
  if (is_over_) return;
  const int life = client.life;
  if (world.time.now() > client.dies) {
    client.alive = false;
    world.time.after(client.ttl + between(1'000, 9'000), [this, number] { come(number); });
    return;
  }
  if (percent(client.fickle)) {
    client.ttl = std::min(std::array<Time, 4>{seconds(1), seconds(3), seconds(6), seconds(15)}[world.random.below(4)],
                          limits_.ttl_max);
    return live(number);
  }
  if (percent(client.leaver)) {
    world.leaving.insert(client.instance);
    world.nodes[static_cast<std::size_t>(node)]->deregister(client.instance, [](bool) {});
    client.alive = false;
    ++client.life;
    world.time.after(between(10, 3'000), [this, number] { come(number); });
    return;
  }
  auto done = std::make_shared<bool>(false);
  world.verdicts.trace(client.instance, world.time.now(), "client beats at n" + std::to_string(node));
  const auto answer = [this, number, node, tries, life, done](Verdict verdict) {
    if (!*done)
      world.verdicts.trace(
          clients_[number].instance, world.time.now(),
          "client told by n" + std::to_string(node) + ": " + std::to_string(static_cast<int>(verdict)));
    if (!std::exchange(*done, true)) follow(number, node, tries, life, verdict);
  };
  if (!client.asks_since) client.asks_since = world.time.now();
  world.nodes[static_cast<std::size_t>(node)]->beat(client.instance, answer);
  if (percent(client.twins)) world.nodes[static_cast<std::size_t>(some_node())]->beat(client.instance, [](Verdict) {});
  world.time.after(milliseconds(1'000), [answer] { answer(Verdict::refuse); });  // the client's patience
}

void SimRun::follow(std::size_t number, int node, int tries, int life, Verdict verdict) {
  SimClient& client = clients_[number];
  if (client.life != life || is_over_) return;
  const int other = (node + 1) % world.options.nodes;
  if (verdict == Verdict::answer) {
    client.asks_since.reset();
    const int next = percent(60) ? node : some_node();
    world.time.after(wait_of(client), [this, number, next, life] {
      if (clients_[number].life == life) beat(number, next, 0);
    });
  } else if (verdict == Verdict::unknown && !world.store.has(key_of(client.instance))) {
    world.time.after(milliseconds(100), [this, number, life] {
      if (clients_[number].life == life && clients_[number].alive) live(number);
    });
  } else {
    if (verdict == Verdict::unknown) ++world.verdicts.counts.unknown;
    if (verdict == Verdict::refuse) ++world.verdicts.counts.refused;
    world.time.after(between(20, 250), [this, number, other, tries, life] {
      if (clients_[number].life == life) beat(number, other, tries + 1);
    });
  }
}

// ---------------------------------------------------------------- faults

void SimRun::fault() {
  if (world.time.now() > limits_.faults_until) return;
  const std::array<std::int64_t, 7> lengths{200, 800, 2'000, 4'700, 6'000, 10'000, 20'000};
  const Time length = milliseconds(lengths[world.random.below(7)]);
  const int node = some_node();
  world.fault_until(world.time.now() + length);
  switch (const std::uint32_t kind = world.random.below(18); kind / 6) {
    case 0: node_fault(kind % 6, node, length); break;
    case 1: network_fault(kind % 6, node, length); break;
    default: engine_fault(kind % 6, node, length); break;
  }
  const auto mean = static_cast<std::uint32_t>(limits_.fault_every / milliseconds(1));
  world.time.after(milliseconds(1 + world.random.below(2 * mean)), [this] { fault(); });
}

void SimRun::node_fault(std::uint32_t kind, int number, Time length) {
  SimNode& node = *world.nodes[static_cast<std::size_t>(number)];
  const Time down = std::array<Time, 3>{milliseconds(500), seconds(2), seconds(8)}[world.random.below(3)];
  switch (kind) {
    case 0:
    case 1: node.pause(length); break;
    case 2: node.kill(down); break;
    case 3: node.stop(down); break;
    case 4:
      for (int i = 0; i < 40; ++i) {
        world.time.after(milliseconds(100 * i), [&node] { node.pause(milliseconds(90)); });
      }
      break;
    default: world.during(node.duplicates, length); break;
  }
}

void SimRun::network_fault(std::uint32_t kind, int node, Time length) {
  const int n = world.options.nodes;
  const int other = (node + 1 + static_cast<int>(world.random.below(static_cast<std::uint32_t>(n - 1)))) % n;
  switch (kind) {
    case 0: world.cut_both(node, other, length); break;
    case 1: world.cut(node, other, length); break;
    case 2:
      for (int m = 0; m < n; ++m) {
        if (m != node) world.cut_both(node, m, length);
      }
      if (percent(50)) world.cut_engine(node, length);
      break;
    case 3: world.cut_engine(node, length); break;
    case 4: world.during(world.nodes[static_cast<std::size_t>(node)]->link.answers_cut, length); break;
    default: world.during(world.nodes[static_cast<std::size_t>(node)]->link.requests_cut, length); break;
  }
}

void SimRun::engine_fault(std::uint32_t kind, int number, Time length) {
  Link& link = world.nodes[static_cast<std::size_t>(number)]->link;
  switch (kind) {
    case 0: world.lose_quorum(length); break;
    case 1: world.during(link.slow_watch, length); break;
    case 2: world.during(percent(50) ? link.slow_commits : link.slow_answers, length); break;
    case 3:
      world.during(link.stuck, length);
      world.during(link.slow_watch, length);
      break;
    case 4:  // one session, or all: a leader that was defragmented for too long
      for (int m = 0; m < world.options.nodes; ++m) {
        if (m == number || percent(30)) world.revoke(m);
      }
      break;
    default:
      if (percent(50)) {
        world.store.compact(world.store.header().revision - world.random.below(4));
      } else {
        world.store.set_full(true);
        world.time.after(length, [this] { world.store.set_full(false); });
      }
  }
}

// ---------------------------------------------------------------- the verdict of the whole

Verdicts& SimRun::run() {
  const Time over = std::max(world.last_fault, limits_.faults_until + seconds(20)) + k_settled;
  world.run_until(over);
  check_calm();
  is_over_ = true;
  // The last heartbeat was now at the latest; some are under way.
  world.run_until(over + limits_.ttl_max + seconds(4) + k_calm_late);
  check_gone();
  if (world.verdicts.counts.violations() != 0 && std::getenv("ROLLCALL_SEED") != nullptr) {
    std::printf("%s", world.describe().c_str());
  }
  if (world.verdicts.lateness_max > k_calm_late) {
    world.verdicts.violation(
        world.verdicts.counts.late,
        "ended late in calm, by " + std::to_string(world.verdicts.lateness_max / milliseconds(1)) + " ms",
        world.verdicts.latest, world.time.now());
  }
  return world.verdicts;
}

// Long after the last fault every client that lives has been answered.
void SimRun::check_calm() {
  for (const SimClient& client : clients_) {
    if (!client.alive || world.time.now() > client.dies || !client.asks_since) continue;
    if (world.time.now() - *client.asks_since > k_asks_max) {
      world.verdicts.violation(world.verdicts.counts.lost, "lives, and is not answered", client.instance,
                               world.time.now());
    }
  }
}

void SimRun::check_gone() {
  for (const SimClient& client : clients_) {
    bool is_there = world.store.has(key_of(client.instance));
    for (const auto& node : world.nodes) is_there = is_there || node->shows(client.instance);
    if (is_there) {
      world.verdicts.violation(world.verdicts.counts.late, "is still there though its client is long dead",
                               client.instance, world.time.now());
    }
  }
}

}  // namespace rollcall::cluster::testing
