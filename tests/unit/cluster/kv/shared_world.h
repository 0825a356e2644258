// Nodes of a cluster that keep the keys of Consul's clients in one store in memory, on virtual time, through networks that fail.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/kv/shared_key_values.h"
#include "cluster/roll/values.h"
#include "support/cluster/memory_engine.h"

namespace rollcall::cluster::testing {

using namespace std::chrono_literals;

// Virtual time without the node's own pauses.
class NodeTime final : public TimeSource {
 public:
  explicit NodeTime(VirtualTime& time) : time_(time) {}
  [[nodiscard]] LeaseTime now() const noexcept override {
    return LeaseTime(1h + time_.now() - paused_ - (stopped_at_ ? time_.now() - *stopped_at_ : Time{}));
  }
  void stop() { stopped_at_ = time_.now(); }
  void go_on() {
    paused_ += time_.now() - *stopped_at_;
    stopped_at_.reset();
  }

 private:
  VirtualTime& time_;
  Time paused_{};
  std::optional<Time> stopped_at_;
};

struct KvNode {
  KvNode(VirtualTime& the_time, MemoryStore& store, const Quorum& quorum, Random& random, std::string the_name)
      : time(the_time), clock(the_time), name(std::move(the_name)) {
    engine =
        std::make_shared<MemoryEngine>(time, store, quorum, random, link, [this](Job job) { run(std::move(job)); });
    start();
  }
  void start(std::size_t bytes_max = kv::k_bytes_default) {
    is_dead = false;
    const std::uint64_t now = ++life;
    all = std::make_unique<SharedKeyValues>(
        SharedKeyValues::Parts{.engine = *engine,
                               .cluster = "lab",
                               .node = name,
                               .clock = clock,
                               .raw_now = [this] { return Raw{1h + time.now()}; },
                               .run_soon =
                                   [this](kv::KeyValues::Task task) {
                                     time.after({}, [this, task = std::move(task)]() mutable { run(std::move(task)); });
                                   },
                               .bytes_max = bytes_max});
    beat(now);
  }
  void kill() {
    is_dead = true;
    ++life;
    waiting.clear();
    all.reset();
  }
  void stop() {
    is_stopped = true;
    clock.stop();
  }
  void go_on() {
    is_stopped = false;
    clock.go_on();
    for (Job& job : std::exchange(waiting, {})) run(std::move(job));
  }
  void beat(std::uint64_t of) {
    if (of != life) return;
    run([this, of] {
      if (of == life) all->tick();
    });
    time.after(SharedKeyValues::k_tick, [this, of] { beat(of); });
  }
  void run(Job job) {
    if (is_dead) return;
    if (is_stopped) {
      waiting.push_back(std::move(job));
    } else {
      job();
    }
  }

  VirtualTime& time;
  NodeTime clock;
  std::string name;
  Link link;
  bool is_stopped = false;
  bool is_dead = false;
  std::uint64_t life = 0;
  std::vector<Job> waiting;
  std::shared_ptr<MemoryEngine> engine;
  std::unique_ptr<SharedKeyValues> all;
};

struct SharedWorld {
  explicit SharedWorld(std::size_t count = 2, std::uint64_t seed = 7) : random(seed) {
    store.changed_hook = [this](const RevisionEvents* events) {
      for (const auto& node : nodes) {
        if (events == nullptr) {
          node->engine->store_restored();
        } else {
          node->engine->store_changed();
        }
      }
    };
    store.apply({.puts = {{Keys("lab").format(), write_format({.version = 1, .base = k_base, .incarnation = "f00"})}}},
                0);
    for (std::size_t i = 0; i < count; ++i) {
      nodes.push_back(std::make_unique<KvNode>(time, store, quorum, random, "n" + std::to_string(i + 1)));
    }
    pass(1s);
  }

  void pass(Time how_long) { time.run_until(time.now() + how_long); }
  SharedKeyValues& at(std::size_t node) { return *nodes.at(node)->all; }

  // Waits for the answer, `patience` at most.
  kv::Outcome ask(std::size_t node, kv::Request request, Time patience = 20s) {
    auto got = std::make_shared<std::optional<kv::Outcome>>();
    CHECK(at(node).submit(std::move(request), [got](kv::Outcome outcome) { *got = std::move(outcome); }));
    for (Time passed{}; !*got && passed < patience; passed += 1ms) pass(1ms);
    if (!*got) return failure(Errc::overloaded, "there was no answer");
    return std::move(**got);
  }
  bool does(std::size_t node, kv::Operation operation) {
    const kv::Outcome outcome = ask(node, kv::Transaction{{std::move(operation)}});
    return outcome && std::holds_alternative<kv::Done>(*outcome);
  }
  bool set(std::size_t node, std::string key, std::string value) {
    return does(node, {.verb = kv::Verb::set, .key = std::move(key), .value = std::move(value)});
  }
  bool lock(std::size_t node, std::string key, std::string session, std::string value = "") {
    return does(
        node,
        {.verb = kv::Verb::lock, .key = std::move(key), .value = std::move(value), .session = std::move(session)});
  }
  void begin_session(std::size_t node, std::string id, std::chrono::milliseconds ttl = 0ms,
                     std::chrono::milliseconds delay = 15s, kv::AtEnd at_end = kv::AtEnd::release) {
    const kv::Outcome outcome = ask(
        node, kv::CreateSession{kv::Session{.id = std::move(id), .ttl = ttl, .lock_delay = delay, .at_end = at_end}});
    CHECK((outcome && std::holds_alternative<kv::Done>(*outcome)));
  }
  // As the door does it.
  bool renew(std::size_t node, const std::string& id) {
    if (const auto known = at(node).renew(id)) return *known != nullptr;
    const kv::Outcome outcome = ask(node, kv::RenewSession{id});
    return outcome && std::holds_alternative<kv::Done>(*outcome);
  }
  kv::EntryPtr find(std::size_t node, std::string_view key) {
    return at(node).read([&](const kv::View& view) { return view.tables().find(key); });
  }
  bool has_session(std::size_t node, std::string_view id) {
    return at(node).read([&](const kv::View& view) { return view.tables().find_session(id) != nullptr; });
  }
  kv::Index index(std::size_t node, const kv::Topic& topic) {
    return at(node).read([&](const kv::View& view) { return view.look(topic, 0).index; });
  }

  static constexpr std::uint64_t k_base = 1'000;
  VirtualTime time;
  MemoryStore store;
  Quorum quorum;
  Random random;
  std::vector<std::unique_ptr<KvNode>> nodes;
};

}  // namespace rollcall::cluster::testing
