// The ports of a roll that is kept elsewhere are enough: random changes from here and from other nodes, with commits that
// come late, in another order, are refused, or have no known outcome. The roll, its indexes and what is reported agree with
// what is durable. Seeds are printed; ROLLCALL_SEED runs one again.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "catch.h"
#include "registry/work/agreed_writer.h"
#include "support/journal/memory_agreement.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {
namespace {

using Mode = SharedRoll::Indexes;

std::vector<std::uint64_t> seeds() {
  if (const char* seed = std::getenv("ROLLCALL_SEED")) return {std::strtoull(seed, nullptr, 10)};
  return {1, 2, 3, 2026, std::random_device{}()};
}

// What is durable, as a map: the index and the port of each instance, and the index of each service.
struct Model {
  std::map<InstanceKey, std::pair<ChangeIndex, Registration>> instances;
  std::map<ServiceKey, ChangeIndex> services;

  explicit Model(const std::vector<DurableChange>& log) {
    for (const DurableChange& change : log) {
      const InstanceKey& key = change.event.key;
      if (change.present) {
        instances.insert_or_assign(key, std::pair(change.event.index, change.present->registration));
        services[key.service] = change.event.index;
      } else if (instances.erase(key) > 0) {
        services[key.service] = change.event.index;
      }
    }
  }
};

// Holds that what is shown and told only goes forward.
class MonotoneAudience final : public Audience {
 public:
  void publish(const Service& service) override {
    ChangeIndex& last = last_[service.service];
    if (service.index <= last) problem = service.service.name + " goes back to " + std::to_string(service.index);
    last = service.index;
  }
  void withdraw(const ServiceRef& service) override { last_.erase(to_key(service)); }
  std::string problem;

 private:
  std::map<ServiceKey, ChangeIndex> last_;
};

class CollectingSink final : public EventSink {
 public:
  void tell(std::vector<std::shared_ptr<const Event>> told) override {
    for (const auto& event : told) events.push_back(*event);
  }
  std::vector<Event> events;
};

// One run: a node with its registry, over a store that others write to too.
struct Run {
  enum class Port : std::uint8_t { journal, agreement };

  Run(std::uint64_t seed, Port port, Mode mode, const Faults& faults)
      : random_(seed),
        store_(mode),
        agreement_(store_, 3, random_, faults),
        shared_(store_, random_, faults),
        is_exact_(port == Port::agreement),
        registry_(port == Port::journal ? static_cast<Journal&>(shared_) : local_, audience_, zones_, 1h, &sink_) {}

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_.below(bound)); }

  InstanceKey any_key() {
    static constexpr const char* k_services[] = {"web", "db", "api"};
    static constexpr const char* k_ids[] = {"a", "b", "c", "d"};
    return key(k_services[below(3)], k_ids[below(4)]);
  }
  Registration any_registration(const InstanceKey& instance) {
    Registration made = registration(instance.service.name, instance.id);
    made.port = static_cast<std::uint16_t>(8000 + below(3));
    return made;
  }
  Change any_change() {
    const InstanceKey instance = any_key();
    std::string by = "here-" + std::to_string(++submitted_);
    switch (below(8)) {
      case 0:
      case 1: return {Deregister{instance}, std::move(by)};
      case 2: return {SetDraining{instance, below(2) == 0}, std::move(by)};
      case 3: return {SetHealth{instance, {}, below(2) == 0, "no answer"}, std::move(by)};
      case 4: return {End{instance, {}, "connection refused"}, std::move(by)};
      default: return {Register{any_registration(instance)}, std::move(by)};
    }
  }
  void change_elsewhere() {
    const InstanceKey instance = any_key();
    const bool leaves = below(3) == 0;
    store_.change_elsewhere(instance, leaves ? std::nullopt : std::optional(any_registration(instance)),
                            "elsewhere-" + std::to_string(++elsewhere_));
  }

  // Acknowledged: durable and visible. Refused: nothing of it is anywhere.
  void note(const std::string& by, const Outcome& outcome) {
    if (!reported_.insert(by).second) problem_ = by + " is reported twice";
    const DurableChange* durable = nullptr;
    for (const DurableChange& change : store_.log()) {
      if (change.event.by == by) durable = &change;
    }
    if (outcome) {
      if (is_staged(outcome->index)) problem_ = by + " is reported at no index";
      if (!outcome->changed || durable == nullptr) return;
      if (outcome->index != durable->event.index) problem_ = by + " is reported at another index";
      if (registry_.counts().index < outcome->index) problem_ = by + " is reported before it is visible";
      if (sink_.events.empty() || sink_.events.back().index < outcome->index) problem_ = by + " is told too late";
      ++acknowledged_;
    } else if (outcome.error().message == "the store says no") {
      if (durable != nullptr) problem_ = by + " is refused, and durable";
      ++refused_;
    } else if (outcome.error().message == "nobody knows whether it is stored") {
      ++unknown_;
    } else if (durable != nullptr) {
      problem_ = by + " has failed, and is durable: " + outcome.error().message;
    }
  }

  void compare() {
    REQUIRE(problem_ == "");
    REQUIRE(audience_.problem == "");
    const ChangeIndex visible = registry_.counts().index;
    REQUIRE(visible >= last_visible_);
    last_visible_ = visible;
  }

  // Once everything is told: the roll is the model, and the history is the log.
  void compare_all() {
    compare();
    const Model model(store_.log());
    std::size_t instances = 0;
    const rcu::ReadLock lock;
    for (const auto& [instance, expected] : model.instances) {
      const Instance* live = registry_.find_instance(instance.ref());
      REQUIRE(live != nullptr);
      REQUIRE(live->index == expected.first);
      REQUIRE(live->registration() == expected.second);
    }
    registry_.for_each_service([&](const Service& service) {
      instances += service.instances.size();
      const auto known = model.services.find(service.service);
      const ChangeIndex expected = known == model.services.end() ? 0 : known->second;
      REQUIRE((is_exact_ ? service.index == expected : service.index >= expected));
    });
    REQUIRE(instances == model.instances.size());
    REQUIRE(registry_.counts().instances == instances);
    REQUIRE(reported_.size() == submitted_);
    EventId next = 0;
    for (const Event& event : sink_.events) REQUIRE(event.id == ++next);
    REQUIRE(next == store_.last_event());
  }

  Random random_;
  SharedRoll store_;
  MemoryAgreement agreement_;
  MemorySharedJournal shared_;
  MemoryJournal local_;
  bool is_exact_;  // what comes and goes in one transaction is never shown
  TwoZones zones_;
  ManualClock clock_;
  WallTime wall_{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  MonotoneAudience audience_;
  CollectingSink sink_;
  Registry registry_;

  std::set<std::string> reported_;
  std::string problem_;
  ChangeIndex last_visible_ = 0;
  std::size_t submitted_ = 0;
  std::size_t elsewhere_ = 0;
  std::size_t acknowledged_ = 0;
  std::size_t refused_ = 0;
  std::size_t unknown_ = 0;
};

// A store that answers later, as etcd would.
void run_agreement(std::uint64_t seed, Mode mode) {
  Run run(seed, Run::Port::agreement, mode, {.refused_in_100 = 5, .unknown_in_100 = 8});
  AgreedWriter writer(run.registry_, run.agreement_, run.clock_);
  const auto submit = [&] {
    Change change = run.any_change();
    const std::string by = change.by;
    REQUIRE(writer.submit(std::move(change), [&run, by](const Outcome& outcome) { run.note(by, outcome); }));
  };
  const auto follow = [&] {
    REQUIRE(writer.follow(run.agreement_.deliver(), run.wall_).empty());
    writer.go_on(run.wall_);
  };
  for (int step = 0; step < 3'000; ++step) {
    run.clock_.advance(1ms);
    switch (run.below(8)) {
      case 0: run.change_elsewhere(); break;
      case 1:
      case 2: submit(); break;
      case 3: writer.propose_waiting(run.wall_); break;
      case 4:
      case 5: follow(); break;
      default: static_cast<void>(run.agreement_.step()); break;
    }
    run.compare();
  }
  while (writer.unreported() > 0 || run.agreement_.has_more()) {
    writer.propose_waiting(run.wall_);
    static_cast<void>(run.agreement_.step());
    follow();
    run.compare();
  }
  run.compare_all();
  REQUIRE(run.acknowledged_ > 100);
  REQUIRE(run.refused_ > 0);
  REQUIRE(run.unknown_ > 0);
  REQUIRE(run.agreement_.conflicts > 0);
}

// A store that answers at once, and that others write to.
void run_journal(std::uint64_t seed, Mode mode) {
  Run run(seed, Run::Port::journal, mode, {.refused_in_100 = 5, .unknown_in_100 = 8});
  for (int step = 0; step < 600; ++step) {
    run.clock_.advance(1ms);
    if (run.below(4) == 0) run.change_elsewhere();
    std::vector<Change> changes;
    for (std::uint32_t i = 0; i <= run.below(4); ++i) changes.push_back(run.any_change());
    const std::vector<Outcome> outcomes = run.registry_.apply(changes, run.clock_, run.wall_);
    for (std::size_t i = 0; i < outcomes.size(); ++i) run.note(changes[i].by, outcomes[i]);
    run.compare();
  }
  REQUIRE(run.registry_.follow(run.shared_.take_newer(), run.clock_, run.wall_).empty());
  run.compare_all();
  REQUIRE(run.acknowledged_ > 100);
  REQUIRE(run.refused_ > 0);
  REQUIRE(run.unknown_ > 0);
  REQUIRE(run.shared_.conflicts > 0);
}

TEST_CASE("a roll that is agreed on with other nodes shows what is durable, and reports what it shows") {
  for (const std::uint64_t seed : seeds()) {
    std::printf("journal port: ROLLCALL_SEED=%llu\n", static_cast<unsigned long long>(seed));
    run_agreement(seed, Mode::one_for_all);
    run_agreement(seed, Mode::one_each);
  }
}

TEST_CASE("a journal that others write to names what is newer, and the changes are staged anew") {
  for (const std::uint64_t seed : seeds()) {
    std::printf("journal port: ROLLCALL_SEED=%llu\n", static_cast<unsigned long long>(seed));
    run_journal(seed, Mode::one_each);
    run_journal(seed, Mode::one_for_all);
  }
}

}  // namespace
}  // namespace rollcall::registry::testing
