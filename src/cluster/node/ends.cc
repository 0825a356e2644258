#include "cluster/node/ends.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/ascii_case.h"
#include "base/rcu.h"
#include "registry/instance/standing.h"
#include "registry/instance/wall_time.h"

namespace rollcall::cluster {

// A lane, and the transaction in flight in it.
struct Ends::Flight {
  explicit Flight(Lane its_lane) : lane(std::move(its_lane)) {}
  Lane lane;
  std::vector<Due> ends;
  bool only_deletes = false;  // etcd is out of space
};

Ends::Ends(Engine& engine, const Keys& keys, std::vector<std::string> zone_names, const KnownInstances& known,
           const ZoneBases& bases, const registry::Registry& registry, Member& member)
    : engine_(engine),
      keys_(keys),
      node_keys_(keys.node(member.name())),
      zone_names_(std::move(zone_names)),
      known_(known),
      bases_(bases),
      registry_(registry),
      member_(member) {
  for (std::uint32_t lane = k_lanes; lane < k_lanes + k_end_lanes; ++lane) {
    free_.push_back(std::make_shared<Flight>(Lane(keys_.lane(member.name(), lane), member.name())));
  }
}

Ends::~Ends() = default;

std::size_t Ends::waiting() const {
  const std::lock_guard lock(mutex_);
  return queued_.size();
}

void Ends::propose(const std::vector<DueEnd>& due) {
  for (const DueEnd& end : due) {
    {
      const std::lock_guard lock(mutex_);
      if (queued_.contains(end.id)) continue;
    }
    Due each{.end = end};
    if (!add_lapse(each)) continue;
    const std::lock_guard lock(mutex_);
    queued_.insert(end.id);
    queue_.push_back(std::move(each));
  }
  send();
}

// The instance as it is here, with its check critical. Liveness decides by what is shown already, and nothing newer is known:
// so this is the version whose revision is compared. False: there is no end, or it comes again.
bool Ends::add_lapse(Due& due) const {
  const std::optional<KnownInstance> known = known_.find(due.end.id);
  if (!known || known->revision != due.end.revision) return false;
  if (!known->turns_critical) return true;
  const rcu::ReadLock lock;
  const registry::Instance* instance = registry_.find_instance(known->key.ref());
  if (instance == nullptr || instance->lease_kind() != registry::LeaseKind::turns_critical) return false;
  registry::InstanceRecord record{.registration = instance->registration(),
                                  .standing = instance->standing(),
                                  .registered_at = instance->registered_at};
  const registry::Status before = record.standing.status();
  const registry::WallTime now = registry::wall_now();
  Lapse lapse;
  lapse.mark.detail = registry::lapse(record.standing, record.registration, registry::LeaseTime{}, now);
  lapse.mark.kind = registry::kind_of(record.standing.status());
  lapse.mark.cause = registry::Cause::check_failed;
  lapse.mark.is_renewal = record.standing.status() == before;  // nothing to be told of
  if (record.standing.status() != before) record.standing.since = now;
  lapse.value = write_instance(record, {});
  due.lapse = std::move(lapse);
  return true;
}

void Ends::send() {
  while (true) {
    std::shared_ptr<Flight> flight;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.empty() || free_.empty()) return;
      flight = std::move(free_.back());
      free_.pop_back();
      std::size_t octets = 0;
      while (!queue_.empty() && flight->ends.size() < k_ends_of_transaction_max) {
        if (const auto& lapse = queue_.front().lapse) octets += lapse->value.size();
        if (octets > k_end_octets_max && !flight->ends.empty()) break;
        flight->ends.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
    }
    Transaction transaction;
    if (!fill(*flight, transaction)) {
      took(flight, {.outcome = CommitOutcome::refused, .refusal = Refusal::none, .header = {}, .read = {}});
      continue;
    }
    counters_.proposed.fetch_add(flight->ends.size(), std::memory_order_relaxed);
    engine_.commit(std::move(transaction), [this, flight](const Committed& committed) {
      took(flight, committed);
      send();
    });
  }
}

// False: this node may not end anything now, or nothing of it is there any more.
bool Ends::fill(Flight& flight, Transaction& transaction) {
  const std::optional<Member::EndGuards> guards = member_.end_guards();
  if (!guards) return false;
  std::vector<GuardedEnd> ends;
  std::set<std::string> zones;
  LaneRecord record;
  // Without space what stays cannot be put: it is due again a second later.
  const auto is_lapse = [](const Due& due) { return due.lapse.has_value(); };
  flight.only_deletes = flight.only_deletes && !std::ranges::all_of(flight.ends, is_lapse);
  for (const Due& due : flight.ends) {
    if (flight.only_deletes && due.lapse) continue;
    const std::optional<KnownInstance> known = known_.find(due.end.id);
    if (!known || known->revision != due.end.revision) continue;
    const std::string& zone = zone_names_.at(static_cast<std::size_t>(known->key.service.zone));
    if (zones.size() == k_zones_of_lane_max && !zones.contains(zone)) continue;  // due again a second later
    zones.insert(zone);
    GuardedEnd& end = ends.emplace_back();
    end.key = keys_.instance(zone, known->key.service.name, to_lower(registry::label_of(known->key.id)));
    end.revision = due.end.revision;
    LaneRecord::Mark mark;
    if (due.lapse) {
      mark = due.lapse->mark;
      end.value = due.lapse->value;
    } else {
      mark.kind = registry::EventKind::expired;
      mark.cause = registry::Cause::lease_ended;
    }
    mark.key = end.key.substr(keys_.all().size());
    record.marks.push_back(std::move(mark));
  }
  if (ends.empty()) return false;
  transaction = end(node_keys_, guards->session, guards->members, ends);
  flight.lane.guard(transaction, std::move(record), flight.only_deletes);
  if (flight.only_deletes) return true;
  for (const std::string& zone : zones) transaction.puts.push_back({keys_.serial(zone), bases_.value_of(zone)});
  return true;
}

void Ends::took(const std::shared_ptr<Flight>& flight, const Committed& committed) {
  const std::size_t count = flight->ends.size();
  switch (committed.outcome) {
    case CommitOutcome::applied:
      if (!std::exchange(flight->only_deletes, false)) flight->lane.applied(committed.header.revision);
      counters_.applied.fetch_add(count, std::memory_order_relaxed);
      break;
    case CommitOutcome::differed:
      flight->lane.learn(committed.read);
      for (const Due& due : flight->ends) member_.end_differed(due.end);
      counters_.differed.fetch_add(count, std::memory_order_relaxed);
      break;
    default:
      flight->only_deletes = committed.refusal == Refusal::no_space;
      if (flight->only_deletes) {
        for (const Due& due : flight->ends) {
          if (!due.lapse) member_.end_differed(due.end);
        }
      }
      counters_.failed.fetch_add(count, std::memory_order_relaxed);
  }
  const std::lock_guard lock(mutex_);
  for (const Due& due : flight->ends) queued_.erase(due.end.id);
  flight->ends.clear();
  free_.push_back(flight);
}

}  // namespace rollcall::cluster
