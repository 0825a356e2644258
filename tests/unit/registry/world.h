// What the tests of the registry share: a journal that keeps its rows in memory, an audience that remembers what it was
// shown, two zones, a clock that moves when told.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/rcu.h"
#include "registry/registry.h"

namespace rollcall::registry::testing {

using namespace std::chrono_literals;

inline constexpr ZoneId k_svc{0};
inline constexpr ZoneId k_lab{1};

// Rows as a database would hold them. A failing record leaves them alone.
class MemoryJournal final : public CountingJournal {
 public:
  Result<void> write(const Transaction& transaction) override {
    ++attempts;
    if (on_record) on_record(transaction);
    if (fails_with) return failure(*fails_with, "the store says no");
    ++records;
    for (const InstanceRef& key : transaction.removed) {
      instances.erase(InstanceKey{{key.service.zone, std::string(key.service.name)}, std::string(key.id)});
    }
    for (const ServiceRecord& service : transaction.services) services.insert_or_assign(service.key, service);
    for (const InstanceRecord* instance : transaction.instances) {
      instances.insert_or_assign(instance->registration.key, *instance);
    }
    for (const Refused* each : transaction.set_aside) set_aside.push_back(each->key.service.name + "/" + each->key.id);
    for (const ServiceRef& key : transaction.forgotten) services.erase({key.zone, std::string(key.name)});
    events.insert(events.end(), transaction.events.begin(), transaction.events.end());
    index = transaction.index;
    return {};
  }

  // A new process: what was given out and not recorded is forgotten.
  void reopen() { count_from_zero(); }
  // What a restart finds.
  [[nodiscard]] Restored restored() const {
    Restored all{.index = index, .last_event = events.empty() ? 0 : events.back()->id, .services = {}, .instances = {}};
    for (const auto& [key, record] : services) all.services.push_back(record);
    for (const auto& [key, record] : instances) all.instances.push_back(record);
    return all;
  }
  // The ids of one service's rows.
  [[nodiscard]] std::vector<std::string> ids(std::string_view service) const {
    std::vector<std::string> found;
    for (const auto& [key, record] : instances) {
      if (key.service.name == service) found.push_back(key.id);
    }
    return found;
  }

  std::map<InstanceKey, InstanceRecord> instances;
  std::map<ServiceKey, ServiceRecord> services;
  std::vector<std::shared_ptr<const Event>> events;
  std::vector<std::string> set_aside;
  ChangeIndex index = 0;
  std::optional<Errc> fails_with;
  std::function<void(const Transaction&)> on_record;  // before it succeeds or fails
  int attempts = 0;
  int records = 0;
};

// Remembers each call as a line: "web #3: a b", "web is forgotten".
class RecordingAudience final : public Audience {
 public:
  void publish(const Service& service) override {
    std::string line = service.service.name + " #" + std::to_string(service.index) + ":";
    for (const Instance* instance : service.instances) line += " " + std::string(instance->id());
    lines.push_back(std::move(line));
    if (on_publish) on_publish();
  }
  void withdraw(const ServiceRef& service) override { lines.push_back(std::string(service.name) + " is forgotten"); }

  [[nodiscard]] LeaseTime answered_until(const ServiceRef&, LeaseTime) const override { return answered; }
  void assume_answered(const ServiceRef&, LeaseTime now) override { answered = now + std::chrono::seconds(1); }

  std::vector<std::string> lines;
  std::function<void()> on_publish;
  LeaseTime answered{};  // until when caches hold answers about every service
};

// Remembers what it is told: "#1 web/a registered: registered".
class RecordingSink final : public EventSink {
 public:
  void tell(std::vector<std::shared_ptr<const Event>> events) override {
    for (const std::shared_ptr<const Event>& event : events) {
      std::string line = "#" + std::to_string(event->id) + " " + event->key.service.name + "/" + event->key.id + " " +
                         std::string(to_text(event->kind)) + ": " + std::string(to_text(event->cause));
      if (!event->by.empty()) line += ", by " + event->by;
      if (!event->detail.empty()) line += " (" + event->detail + ")";
      lines.push_back(std::move(line));
    }
  }
  std::vector<std::string> lines;
};

// The zone file of the first has the name www.
class TwoZones final : public ZoneDirectory {
 public:
  [[nodiscard]] std::optional<ZoneId> find(std::string_view name) const override {
    if (name == "svc.internal") return k_svc;
    if (name == "lab.example") return k_lab;
    return std::nullopt;
  }
  [[nodiscard]] std::string name_of(ZoneId zone) const override {
    return zone == k_svc ? "svc.internal" : "lab.example";
  }
  [[nodiscard]] std::size_t apex_bytes_of(ZoneId) const override { return 14; }
  [[nodiscard]] std::optional<TakenName> find_taken(const ServiceRef& service) const override {
    if (service.zone != k_svc || !taken.contains(std::string(service.name))) return std::nullopt;
    return TakenName{TakenName::By::zone_file, std::string(service.name) + ".svc.internal"};
  }
  [[nodiscard]] bool may_have_names_below(const ServiceRef& service) const override { return service.zone == k_svc; }
  [[nodiscard]] std::optional<TakenName> find_taken_below(const ServiceRef& service, std::string_view label,
                                                          Below /*what*/) const override {
    const std::string name = std::string(label) + "." + std::string(service.name);
    if (!taken.contains(name)) return std::nullopt;
    return TakenName{TakenName::By::zone_file, name + ".svc.internal"};
  }

  std::set<std::string> taken{"www"};  // relative names
};

inline Registration registration(std::string service, std::string id, ZoneId zone = k_svc) {
  Registration made;
  made.key = {{zone, std::move(service)}, std::move(id)};
  made.addresses = {*IpAddress::parse("192.0.2.1")};
  made.port = 8080;
  made.ttl = 15s;
  return made;
}
inline InstanceKey key(std::string service, std::string id, ZoneId zone = k_svc) {
  return {{zone, std::move(service)}, std::move(id)};
}
inline const InstanceKey k_a = key("web", "a");
inline Change adding(std::string service, std::string id) {
  return Register{registration(std::move(service), std::move(id))};
}
inline Change removing(std::string service, std::string id) {
  return Deregister{key(std::move(service), std::move(id))};
}

struct World {
  explicit World(std::chrono::milliseconds forget_service_after = 1h)
      : registry(journal, audience, zones, forget_service_after, &sink) {}

  MemoryJournal journal;
  RecordingAudience audience;
  RecordingSink sink;
  TwoZones zones;
  ManualClock clock;
  WallTime wall{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  Registry registry;

  std::vector<Outcome> apply(std::span<const Change> changes) { return registry.apply(changes, clock, wall); }
  std::vector<Outcome> apply(std::initializer_list<Change> changes) { return apply(std::span(changes)); }
  Outcome apply(const Change& change) { return std::move(apply(std::span(&change, 1)).front()); }
  Outcome add(std::string service, std::string id) { return apply(adding(std::move(service), std::move(id))); }
  Outcome remove(std::string service, std::string id) { return apply(removing(std::move(service), std::move(id))); }

  void pass(LeaseTime::duration time) {
    clock.advance(time);
    wall += std::chrono::floor<std::chrono::milliseconds>(time);
  }
  std::size_t sweep() { return registry.sweep(clock.now(), wall); }
  bool renew(const InstanceKey& instance) { return registry.renew(instance.ref(), clock.now()).has_value(); }

  [[nodiscard]] Status status_of(const InstanceKey& instance) const {
    const rcu::ReadLock lock;
    return registry.find_instance(instance.ref())->status;
  }
  // How long from now until the draining instance is in no cache.
  [[nodiscard]] LeaseTime::duration safe_in(const InstanceKey& instance) const {
    const rcu::ReadLock lock;
    return std::max(LeaseTime::duration::zero(), registry.find_instance(instance.ref())->safe.get() - clock.now());
  }

  // The ids on the roll, empty for a service that is not known.
  [[nodiscard]] std::vector<std::string> ids(std::string_view service, ZoneId zone = k_svc) const {
    const rcu::ReadLock lock;
    std::vector<std::string> found;
    const Service* snapshot = registry.find_service({zone, service});
    if (snapshot == nullptr) return found;
    for (const Instance* instance : snapshot->instances) found.emplace_back(instance->id());
    return found;
  }
  [[nodiscard]] bool knows(std::string_view service) const {
    const rcu::ReadLock lock;
    return registry.find_service({k_svc, service}) != nullptr;
  }
  // Of an instance on the roll.
  [[nodiscard]] LeaseTime::duration left(const InstanceKey& instance) const {
    const rcu::ReadLock lock;
    return registry.find_instance(instance.ref())->lease.expires_at() - clock.now();
  }
  [[nodiscard]] ChangeIndex index_of(std::string_view service) const {
    const rcu::ReadLock lock;
    return registry.find_service({k_svc, service})->index;
  }
};

using Ids = std::vector<std::string>;
using Lines = std::vector<std::string>;

}  // namespace rollcall::registry::testing
