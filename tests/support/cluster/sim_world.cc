#include "support/cluster/sim_world.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace rollcall::cluster::testing {

using std::chrono::microseconds;
using std::chrono::milliseconds;

InstanceId id_of(Instance instance) {
  return {{instance * 2654435761U, static_cast<std::uint32_t>((instance * 0x9E3779B97F4A7C15U) >> 33), instance}};
}

std::string key_of(Instance instance) { return "roll/" + std::to_string(instance); }

// ---------------------------------------------------------------- verdicts

void Verdicts::violation(std::uint64_t& count, const std::string& what, Instance instance, Time now) {
  ++count;
  if (!first.empty()) return;
  first =
      std::to_string(static_cast<double>(now.count()) / 1e9) + " s: instance " + std::to_string(instance) + " " + what;
}

void Verdicts::trace(Instance instance, Time now, const std::string& what) const {
  static const char* const traced = std::getenv("ROLLCALL_CLUSTER_TRACE");
  if (traced == nullptr || std::to_string(instance) != traced) return;
  std::printf("%10.4f %s\n", static_cast<double>(now.count()) / 1e9, what.c_str());
}

void Verdicts::registered(Instance instance, Time ttl, Time now) {
  trace(instance, now, "put, ttl " + std::to_string(ttl / milliseconds(1)));
  Promise& promise = promises_[instance];
  if (promise.ttl != ttl || promise.left) promise = {ttl, Time::min(), false};
}

void Verdicts::ended(Instance instance, Time now, bool by_lease, bool in_calm) {
  trace(instance, now, by_lease ? "ended" : "deregistered");
  Promise& promise = promises_[instance];
  promise.left = !by_lease;
  if (!by_lease) return;
  ++counts.ends;
  if (promise.last == Time::min()) return;
  const Time kept = now - promise.last;
  const Time owed{static_cast<std::int64_t>(static_cast<double>(promise.ttl.count()) * tolerance)};
  if (kept < owed) {
    violation(counts.early,
              "ended " + std::to_string(kept / milliseconds(1)) + " ms after a 200; its ttl is " +
                  std::to_string(promise.ttl / milliseconds(1)) + " ms",
              instance, now);
  }
  if (in_calm && kept - promise.ttl > lateness_max) {
    lateness_max = kept - promise.ttl;
    latest = instance;
  }
  promise.last = Time::min();
}

void Verdicts::answered(Instance instance, bool is_on_roll, Time now, const std::string& where) {
  ++counts.answered;
  trace(instance, now, where);
  Promise& promise = promises_[instance];
  if (is_on_roll) {
    promise.last = now;
  } else if (!promise.left) {
    violation(counts.after_end, "was answered with 200 after its end: " + where, instance, now);
  }
}

Time Verdicts::last_answer(Instance instance) const {
  const auto at = promises_.find(instance);
  return at == promises_.end() ? Time::min() : at->second.last;
}

Time Verdicts::ttl(Instance instance) const {
  const auto at = promises_.find(instance);
  return at == promises_.end() ? Time{} : at->second.ttl;
}

// ---------------------------------------------------------------- the world

SimWorld::SimWorld(const SimOptions& given) : random(given.seed), options(given) {
  verdicts.tolerance = 1 - 8 * options.drift;
  store.changed_hook = [this](const RevisionEvents* events) { watch_store(events); };
  for (int i = 0; i < options.nodes; ++i) nodes.push_back(std::make_shared<SimNode>(*this, i, random.next()));
  for (const auto& node : nodes) node->boot();
  expire();
}

SimWorld::~SimWorld() = default;

Instance SimWorld::instance_of(std::string_view key) const {
  Instance instance = 0;
  std::from_chars(key.data() + 5, key.data() + key.size(), instance);
  return instance;
}

void SimWorld::watch_store(const RevisionEvents* events) {
  if (events == nullptr) {
    for (const auto& node : nodes) {
      if (node->engine() != nullptr) node->engine()->store_restored();
    }
    return;
  }
  for (const KeyEvent& event : events->events) {
    if (!event.now.key.starts_with("roll/")) continue;
    const Instance instance = instance_of(event.now.key);
    if (!event.deleted) {
      std::int64_t ms = 0;
      std::from_chars(event.now.value.data(), event.now.value.data() + event.now.value.size(), ms);
      verdicts.registered(instance, milliseconds(ms), time.now());
    } else {
      const bool in_calm = last_fault == Time::min() || time.now() > last_fault + calm_after;
      verdicts.ended(instance, time.now(), !leaving.contains(instance), in_calm);
    }
  }
  for (const auto& node : nodes) {
    if (node->engine() != nullptr) node->engine()->store_changed();
  }
}

void SimWorld::expire() {
  if (quorum.is_there) store.expire(time.now());
  time.after(milliseconds(250), [this] { expire(); });
}

Time SimWorld::latency() {
  if (options.slow_network && random.below(2) == 0) return microseconds(1'000 + random.below(600'000));
  if (random.below(50) == 0) return microseconds(10'000 + random.below(240'000));
  return microseconds(500 + random.below(3'500));
}

void SimWorld::cut(int from, int to, Time length) {
  cuts_.emplace(from, to);
  time.after(length, [this, from, to] { cuts_.erase(cuts_.find({from, to})); });
}

void SimWorld::during(int& counter, Time length) {
  ++counter;
  time.after(length, [&counter] { --counter; });
}

void SimWorld::cut_engine(int node, Time length) {
  Link& link = nodes[static_cast<std::size_t>(node)]->link;
  during(link.requests_cut, length);
  during(link.answers_cut, length);
}

std::string SimWorld::describe() const {
  std::string text = "store at " + std::to_string(store.header().revision) + "\n";
  for (const auto& node : nodes) text += "  " + node->describe() + "\n";
  return text;
}

void SimWorld::lose_quorum(Time length) {
  ++quorum_losses_;
  quorum.is_there = false;
  time.after(length, [this] {
    if (--quorum_losses_ != 0) return;
    quorum.is_there = true;
    store.renew_all(time.now() + k_session);  // a new leader does
  });
}

void SimWorld::revoke(int node) {
  if (!quorum.is_there) return;
  store.revoke(store.lease_of("node/n" + std::to_string(node)));
}

}  // namespace rollcall::cluster::testing
