#include "cluster/node/ends.h"

#include <set>
#include <utility>

#include "base/ascii_case.h"

namespace rollcall::cluster {

// A lane, and the transaction in flight in it.
struct Ends::Flight {
  explicit Flight(Lane its_lane) : lane(std::move(its_lane)) {}
  Lane lane;
  std::vector<DueEnd> ends;
  bool only_deletes = false;  // etcd is out of space
};

Ends::Ends(Engine& engine, const Keys& keys, std::vector<std::string> zone_names, const KnownInstances& known,
           const ZoneBases& bases, Member& member)
    : engine_(engine),
      keys_(keys),
      node_keys_(keys.node(member.name())),
      zone_names_(std::move(zone_names)),
      known_(known),
      bases_(bases),
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
  {
    const std::lock_guard lock(mutex_);
    for (const DueEnd& end : due) {
      if (queued_.insert(end.id).second) queue_.push_back(end);
    }
  }
  send();
}

void Ends::send() {
  while (true) {
    std::shared_ptr<Flight> flight;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.empty() || free_.empty()) return;
      flight = std::move(free_.back());
      free_.pop_back();
      const std::size_t count = std::min(queue_.size(), k_ends_of_transaction_max);
      flight->ends.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
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
  for (const DueEnd& due : flight.ends) {
    const std::optional<KnownInstance> known = known_.find(due.id);
    if (!known || known->revision != due.revision || known->turns_critical) continue;
    const std::string& zone = zone_names_.at(static_cast<std::size_t>(known->key.service.zone));
    if (zones.size() == k_zones_of_lane_max && !zones.contains(zone)) continue;  // due again a second later
    zones.insert(zone);
    ends.push_back(
        {keys_.instance(zone, known->key.service.name, to_lower(registry::label_of(known->key.id))), due.revision});
    record.marks.push_back({.key = ends.back().key.substr(keys_.all().size()),
                            .kind = registry::EventKind::expired,
                            .cause = registry::Cause::lease_ended});
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
      for (const DueEnd& due : flight->ends) member_.end_differed(due);
      counters_.differed.fetch_add(count, std::memory_order_relaxed);
      break;
    default:
      flight->only_deletes = committed.refusal == Refusal::no_space;
      if (flight->only_deletes) {
        for (const DueEnd& due : flight->ends) member_.end_differed(due);
      }
      counters_.failed.fetch_add(count, std::memory_order_relaxed);
  }
  const std::lock_guard lock(mutex_);
  for (const DueEnd& due : flight->ends) queued_.erase(due.id);
  flight->ends.clear();
  free_.push_back(flight);
}

}  // namespace rollcall::cluster
