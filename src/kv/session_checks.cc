#include "kv/session_checks.h"

#include <algorithm>
#include <pthread.h>
#include <utility>
#include <vector>

#include "base/ascii_case.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/rcu.h"
#include "consul/seen.h"

namespace rollcall::kv {
namespace {

constexpr std::string_view k_service_check = "service:";

}  // namespace

void SessionChecks::start() {
  timing_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "session checks");
    GuardedCondition<bool> never(false);
    while (!stop.stop_requested()) {
      parts_.run_soon([this] { look(); });
      never.wait_until(stop, std::chrono::steady_clock::now() + k_look_every, [](bool) { return false; });
    }
  });
}

void SessionChecks::stop() {
  if (!timing_.joinable()) return;
  timing_.request_stop();
  timing_.join();
}

// A session that is made is known before what its client asks for next, a deregistration for example.
void SessionChecks::watch() {
  if (is_watching_ || !parts_.keys.why_unread().empty()) return;
  std::optional<KeyValues::Seat> seat = parts_.keys.take_seat({Topic::Kind::sessions, {}}, [this] {
    parts_.run_soon([this] {
      is_watching_ = false;
      refresh();
    });
  });
  if (!seat) return;
  seat_ = std::move(*seat);
  is_watching_ = true;
}

// The sessions that name checks, where the list of sessions has changed.
void SessionChecks::refresh() {
  watch();
  struct Named {
    SessionPtr session;
    std::vector<std::string> checks;
  };
  std::vector<Named> sessions;
  const bool has_changed = parts_.keys.read([&](const View& view) {
    const Index index = view.look({Topic::Kind::sessions}, 0).index;
    if (index == seen_) return false;
    seen_ = index;
    std::set<std::string_view> ids;
    for (const auto& [check, bound] : view.tables().by_check()) ids.insert(bound.begin(), bound.end());
    for (const std::string_view id : ids) sessions.push_back({view.tables().find_session(id), {}});
    return true;
  });
  if (!has_changed) return;
  std::map<Tie, Place> before = std::exchange(ties_, {});
  by_service_.clear();
  std::set<std::string> there;
  for (Named& named : sessions) {
    const Session& session = *named.session;
    there.insert(session.id);
    named.checks = session.node_checks;
    named.checks.insert(named.checks.end(), session.service_checks.begin(), session.service_checks.end());
    for (std::string& check : named.checks) {
      if (check == k_serf_health) continue;
      Tie tie{session.id, std::move(check)};
      const auto known = before.find(tie);
      Place at = known != before.end() ? std::move(known->second) : Place{session.node, session.host};
      const auto instance = at.instance ? std::exchange(at.instance, {}) : find(tie, at);
      Place& added = ties_[tie] = std::move(at);
      place(tie, added, instance);
    }
  }
  std::erase_if(ending_, [&](const std::string& id) { return !there.contains(id); });
}

void SessionChecks::place(const Tie& tie, Place& place, std::optional<registry::InstanceKey> instance) {
  if (place.instance == instance) return;
  if (place.instance) {
    const auto before = by_service_.find(place.instance->service);
    if (before != by_service_.end()) before->second.erase(tie);
  }
  if (instance) by_service_[instance->service].insert(tie);
  place.instance = std::move(instance);
}

// Of the host that has made the session; then of this server's own registrations, and of the node that the session names.
std::optional<registry::InstanceKey> SessionChecks::find(const Tie& tie, const Place& place) const {
  const bool is_own = equal_but_for_case(place.node, parts_.own_node);
  for (std::size_t zone = 0; zone < parts_.zones; ++zone) {
    const auto id = static_cast<registry::ZoneId>(zone);
    if (auto found = parts_.ids.find_check(id, is_own ? std::string_view(place.host) : place.node, tie.check))
      return found;
    if (!is_own) continue;
    if (auto found = parts_.ids.find_check(id, {}, tie.check)) return found;
    if (!tie.check.starts_with(k_service_check)) continue;
    if (is_there(place)) return place.instance;
    if (auto found = find_native(id, std::string_view(tie.check).substr(k_service_check.size()))) return found;
  }
  return std::nullopt;
}

bool SessionChecks::is_there(const Place& place) const {
  const rcu::ReadLock lock;
  return place.instance && parts_.registry.find_instance(place.instance->ref()) != nullptr;
}

// The one instance of the native API with this id.
std::optional<registry::InstanceKey> SessionChecks::find_native(registry::ZoneId zone, std::string_view id) const {
  std::optional<registry::InstanceKey> found;
  bool is_ambiguous = false;
  const rcu::ReadLock lock;
  parts_.registry.for_each_service([&](const registry::Service& service) {
    if (service.service.zone != zone) return;
    const registry::Instance* const instance = parts_.registry.find_instance({service.service.ref(), id});
    if (instance == nullptr || instance->door() == registry::Door::consul) return;
    is_ambiguous = found.has_value();
    found = registry::InstanceKey{service.service, std::string(instance->id())};
  });
  return is_ambiguous ? std::nullopt : found;
}

bool SessionChecks::is_critical(const Tie& tie, const registry::InstanceKey& key) const {
  const rcu::ReadLock lock;
  const registry::Instance* const instance = parts_.registry.find_instance(key.ref());
  if (instance == nullptr) return false;
  const consul::Seen seen = consul::see(*instance, parts_.clock.now());
  const auto check = std::ranges::find(seen.checks, tie.check, &consul::SeenCheck::id);
  return check != seen.checks.end() && check->status == health::CheckStatus::critical;
}

void SessionChecks::publish(const registry::Service& service) {
  const bool is_idle = parts_.keys.read([](const View& view) { return view.tables().by_check().empty(); });
  if (is_idle && ties_.empty()) return;
  refresh();
  const auto here = by_service_.find(service.service);
  if (here == by_service_.end()) return;
  for (const Tie& tie : here->second) {
    if (is_critical(tie, *ties_.at(tie).instance)) end(tie, "is critical");
  }
}

// A check that moves with its instance to another service is missing for a moment: what is missing twice is gone.
void SessionChecks::look() {
  refresh();
  for (auto& [tie, at] : ties_) {
    const auto found = find(tie, at);
    const bool is_gone = !found && at.instance && at.is_missing;
    at.is_missing = !found && at.instance;
    if (found) place(tie, at, found);
    if (is_gone) {
      end(tie, "was deregistered");
    } else if (found && is_critical(tie, *found)) {
      end(tie, "is critical");
    }
  }
}

void SessionChecks::end(const Tie& tie, std::string_view why) {
  if (!ending_.insert(tie.session).second) return;
  const bool is_taken =
      parts_.keys.submit(DestroySession{tie.session}, [this, tie, why = std::string(why)](const Outcome& outcome) {
        if (!outcome) {  // again at the next look
          ending_.erase(tie.session);
          return;
        }
        ended_.fetch_add(1, std::memory_order_relaxed);
        log::info("the session {} has ended: its check \"{}\" {}", tie.session, escape(tie.check), why);
      });
  if (!is_taken) ending_.erase(tie.session);
}

}  // namespace rollcall::kv
