#include "client/resolver_engine.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <utility>

namespace rollcall::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds k_idle = std::chrono::minutes(10);  // longest poll() when nothing is due; WakeUp ends it earlier

const ResolverSettings& checked(const ResolverSettings& settings) {
  const auto refuse = [](const char* what) { throw std::invalid_argument(std::string("rollcall::Resolver: ") + what); };
  if (settings.try_timeout <= milliseconds(0)) refuse("try_timeout must be longer than 0");
  if (settings.tries < 1 || settings.tries > 10) refuse("tries must be 1 to 10");
  if (settings.timeout <= milliseconds(0)) refuse("timeout must be longer than 0");
  if (settings.patience < milliseconds(0)) refuse("patience must not be negative");
  if (settings.stale_for < milliseconds(0)) refuse("stale_for must not be negative");
  if (settings.names_max < 1) refuse("names_max must be 1 at least");
  if (settings.balancer.aside_min <= milliseconds(0)) refuse("balancer.aside_min must be longer than 0");
  if (settings.balancer.aside_max < settings.balancer.aside_min)
    refuse("balancer.aside_max must not be below aside_min");
  if (settings.balancer.trial < milliseconds(0)) refuse("balancer.trial must not be negative");
  if (!dns::Name::parse("web." + settings.domain)) refuse("domain is no domain name");
  return settings;
}

NameServers servers_of(const ResolverSettings& settings) {
  Result<NameServers> servers = name_servers(settings.servers, std::getenv("ROLLCALL_DNS"));
  if (!servers) throw std::invalid_argument("rollcall::Resolver: " + servers.error().message);
  return std::move(*servers);
}

Balancer::Random seeded() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device()};
  return Balancer::Random(seed);
}

void call_all(const std::vector<ResolverEngine::After>& afters) {
  for (const ResolverEngine::After& after : afters) {
    if (after) after();
  }
}

}  // namespace

ResolverEngine::ResolverEngine(const ResolverSettings& settings)
    : settings_(checked(settings)), servers_(servers_of(settings)) {
  state_.with([](State& state) { state.random = seeded(); });
  upstreams_.emplace(servers_.servers, settings_.try_timeout, settings_.tries);
  thread_ = start_thread("rollcall-dns", [this] { run(); });
}

ResolverEngine::~ResolverEngine() {
  state_.with([](State& state) { state.is_stopping = true; });
  wake_up_.call();
  thread_.join();
}

std::optional<dns::Name> ResolverEngine::full_name(std::string_view name) const {
  std::string full(name);
  if (!full.empty() && full.find('.') == std::string::npos) full += "." + settings_.domain;
  return dns::Name::parse(full);
}

bool ResolverEngine::take_now(const dns::Name& name, const Take& take) {
  After after;
  bool wakes = false;
  const bool is_own_thread = std::this_thread::get_id() == thread_.get_id();
  const bool is_taken = state_.with([&](State& state) {
    Slot& slot = slot_of(state, name);
    const Time now = steady_clock::now();
    wakes = slot.entry.note_use(now);
    if (!slot.entry.is_settled(now) && !is_own_thread) return false;
    after = take(slot.entry, now, state.random);
    return true;
  });
  if (wakes) wake_up_.call();
  if (after) after();
  return is_taken;
}

void ResolverEngine::take_later(const dns::Name& name, Take take) {
  state_.with([&](State& state) {
    Slot& slot = slot_of(state, name);
    const Time now = steady_clock::now();
    slot.entry.note_use(now);
    slot.waiters.push_back({now + slot.entry.patience(now, settings_.timeout), std::move(take)});
  });
  wake_up_.call();
}

void ResolverEngine::with_known(const dns::Name& name, const std::function<void(CacheEntry&, Time)>& use) {
  state_.with([&](State& state) {
    const auto slot = state.slots.find(name.folded_wire());
    if (slot != state.slots.end()) use(slot->second.entry, steady_clock::now());
  });
}

ResolverEngine::Slot& ResolverEngine::slot_of(State& state, const dns::Name& name) {
  const std::string key = name.folded_wire();
  const auto known = state.slots.find(key);
  if (known != state.slots.end()) return known->second;
  if (state.slots.size() >= settings_.names_max) forget_one(state);
  const CacheRules rules{.patience = settings_.patience, .stale_for = settings_.stale_for};
  return state.slots.emplace(key, Slot{CacheEntry(name, rules, settings_.balancer), {}}).first->second;
}

// Evicts the least recently used entry. Skips entries with waiters or a pending query; may evict none.
void ResolverEngine::forget_one(State& state) {
  auto oldest = state.slots.end();
  for (auto slot = state.slots.begin(); slot != state.slots.end(); ++slot) {
    if (!slot->second.waiters.empty() || slot->second.entry.is_asked()) continue;
    const bool is_older =
        oldest == state.slots.end() || slot->second.entry.last_used() < oldest->second.entry.last_used();
    if (is_older) oldest = slot;
  }
  if (oldest != state.slots.end()) state.slots.erase(oldest);
}

// Calls every waiter whose deadline has passed; calls all waiters if the entry is answered or settled.
void ResolverEngine::settle(State& state, Slot& slot, Time now, bool is_answered, std::vector<After>& afters) {
  const bool is_due = is_answered || slot.entry.is_settled(now);
  std::erase_if(slot.waiters, [&](const Waiter& waiter) {
    if (!is_due && now < waiter.deadline) return false;
    afters.push_back(waiter.take(slot.entry, now, state.random));
    return true;
  });
}

void ResolverEngine::run() {
  while (true) {
    if (has_failed_ && under_way_ == 0) reopen_upstreams();
    const Round round = next_round();
    call_all(round.afters);
    if (round.is_last) break;
    for (const dns::Name& name : round.questions) ask(name);
    wait(round.next);
  }
  upstreams_.reset();  // drops pending queries without a callback
}

ResolverEngine::Round ResolverEngine::next_round() {
  const Time now = steady_clock::now();
  Round round{.questions = {}, .afters = {}, .next = now + k_idle};
  state_.with([&](State& state) {
    round.is_last = state.is_stopping;
    for (auto& [key, slot] : state.slots) {
      settle(state, slot, now, state.is_stopping, round.afters);
      for (const Waiter& waiter : slot.waiters) round.next = std::min(round.next, waiter.deadline);
      if (slot.entry.wants_question(now)) {
        slot.entry.note_asked(now);
        round.questions.push_back(slot.entry.name());
      } else if (const auto next = slot.entry.next_question(now)) {
        round.next = std::min(round.next, *next);
      }
    }
  });
  return round;
}

void ResolverEngine::ask(const dns::Name& name) {
  ++under_way_;
  look_up(*upstreams_, name, [this, name](Found found) {
    --under_way_;
    has_failed_ |= found.status == Status::unreachable;
    note_found(name, std::move(found));
  });
}

void ResolverEngine::note_found(const dns::Name& name, Found found) {
  std::vector<After> afters;
  state_.with([&](State& state) {
    const auto slot = state.slots.find(name.folded_wire());
    if (slot == state.slots.end()) return;
    const Time now = steady_clock::now();
    slot->second.entry.note_found(std::move(found), now);
    settle(state, slot->second, now, true, afters);
  });
  call_all(afters);
}

// Reads /etc/resolv.conf again after a failure: a laptop may have changed networks, or a container may have started
// before its network.
void ResolverEngine::reopen_upstreams() {
  has_failed_ = false;
  if (!servers_.is_system) return;
  servers_.servers = system_name_servers();
  upstreams_.emplace(servers_.servers, settings_.try_timeout, settings_.tries);
}

void ResolverEngine::wait(Time until) {
  std::vector<pollfd> polled{wake_up_.polled()};
  upstreams_->add_sockets(polled);
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
  const milliseconds timeout = upstreams_->time_left(std::clamp(left, milliseconds(0), k_idle));
  poll(polled.data(), polled.size(), static_cast<int>(timeout.count()));
  if (polled.front().revents != 0) wake_up_.clear();
  upstreams_->process(polled);
}

}  // namespace rollcall::client
