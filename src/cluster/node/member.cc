#include "cluster/node/member.h"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <utility>

#include "base/ascii_case.h"
#include "base/counted.h"
#include "base/rcu.h"
#include "registry/instance/wall_time.h"

namespace rollcall::cluster {
namespace {

constexpr std::size_t k_heard_max = std::size_t{1} << 20;  // kept for the node's thread; beyond, TTLs may be too short

}  // namespace

std::string_view reason_of(GiveUp why) {
  switch (why) {
    case GiveUp::lost_session: return "its session in etcd has ended";
    case GiveUp::deaf: return "it hears no other node, or is heard by none";
    case GiveUp::behind: return "it is too far behind etcd";
    case GiveUp::stopped: return "it is stopping";
    case GiveUp::no: break;
  }
  return "it has just started";
}

Raw boot_time() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return Raw{std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec)};
}

Member::Member(Engine& engine, const Keys& keys, std::string name, StoredNode self, std::vector<std::string> zone_names,
               const KnownInstances& known, Callbacks callbacks)
    : engine_(engine),
      keys_(keys),
      name_(std::move(name)),
      node_keys_(keys.node(name_)),
      zone_names_(std::move(zone_names)),
      known_(known),
      callbacks_(std::move(callbacks)),
      clock_(boot_time()),
      liveness_({.name = name_, .rules = {}}, clock_.pass(boot_time())),
      self_(std::move(self)) {}

void Member::found(const StoredFormat& format, const registry::Registry& registry) {
  const std::lock_guard lock(mutex_);
  registry_ = &registry;
  base_ = format.base;
  ids_.store(&all_ids_.emplace_back(format.incarnation), std::memory_order_release);
}

InstanceId Member::id_of(const registry::InstanceRef& key) const {
  return ids_.load(std::memory_order_acquire)
      ->of(zone_names_.at(static_cast<std::size_t>(key.service.zone)), key.service.name, registry::label_of(key.id));
}

// ---------------------------------------------------------------- heartbeats

Member::Verdict Member::heartbeat(const registry::InstanceRef& key) {
  Beat beat;
  InstanceId id;
  if (is_founded()) {
    id = id_of(key);
    const std::lock_guard lock(mutex_);
    beat = liveness_.heartbeat(id, here());
  }
  const auto add = [](std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); };
  switch (beat.verdict) {
    case cluster::Verdict::answer: add(counters_.answered); return Verdict::renewed;
    case cluster::Verdict::put_first: add(counters_.put_first); return Verdict::put_first;
    case cluster::Verdict::unknown: {
      // Without a lease there is nothing to renew.
      const std::optional<KnownInstance> known = known_.find(id);
      if (known && known->ttl == std::chrono::milliseconds::zero()) return Verdict::renewed;
      add(counters_.unknown);
      return Verdict::unknown;
    }
    default: add(counters_.refused); return Verdict::refused;
  }
}

bool Member::accepts_changes() const {
  const std::lock_guard lock(mutex_);
  return is_founded() && liveness_.may_answer(here());
}

registry::LeaseAuthority::Sent Member::now() const { return boot_time().time_since_epoch(); }

Member::Verdict Member::confirm(const registry::InstanceRef& key, registry::ChangeIndex index, Sent sent) {
  {
    // A rule may have kept the change off the roll: then there is nothing to be confirmed.
    const rcu::ReadLock lock;
    const registry::Instance* instance = registry_->find_instance(key);
    if (instance == nullptr || registry_->stored_index(*instance) < index) return Verdict::unknown;
    const bool has_lease = instance->lease_kind() != registry::LeaseKind::none && !instance->is_overdue();
    if (!has_lease) return accepts_changes() ? Verdict::renewed : Verdict::refused;
  }
  const std::lock_guard lock(mutex_);
  const auto revision = static_cast<Revision>(index - base_);
  const cluster::Verdict verdict = liveness_.confirm(id_of(key), revision, Raw{sent}, here());
  return verdict == cluster::Verdict::answer ? Verdict::renewed : Verdict::refused;
}

void Member::critical_too_long(const registry::InstanceRef& key) {
  const bool asks = callbacks_.too_long && accepts_changes() && is_chosen_for(key);
  if (asks) callbacks_.too_long(key);
}

Member::Safety Member::safe_after(const registry::InstanceRef& key, registry::ChangeIndex index, LeaseTime safe_here) {
  return callbacks_.safety({.zone = zone_names_.at(static_cast<std::size_t>(key.service.zone)),
                            .service = std::string(key.service.name),
                            .id = std::string(key.id),
                            .revision = static_cast<Revision>(index - base_)},
                           safe_here);
}

// ---------------------------------------------------------------- the exchange

PollAnswer Member::answer(const PollRequest& request) {
  const std::lock_guard lock(mutex_);
  return liveness_.answer(request, here());
}

void Member::take(const SentPoll& poll, const PollAnswer& answer) {
  const std::lock_guard lock(mutex_);
  liveness_.take(poll, answer, here());
  if (heard_.size() + answer.items.size() > k_heard_max) return;
  for (const BeatItem& item : answer.items) heard_.push_back({item.id, poll.sent.raw - item.age * k_age_step});
}

std::vector<Member::Heard> Member::take_heard() {
  const std::lock_guard lock(mutex_);
  return std::exchange(heard_, {});
}

std::vector<SentPoll> Member::polls() {
  const std::lock_guard lock(mutex_);
  if (is_reading_) return {};
  return liveness_.polls(here());
}

// ---------------------------------------------------------------- what was followed

void Member::apply(const RollRevision& revision) {
  const std::lock_guard lock(mutex_);
  newest_ = std::max(newest_, revision.revision);
  liveness_.apply(revision, here());
  note_membership();
}

// Whatever ends from here on without a clean leave is an unclean end.
void Member::note_membership() {
  if (liveness_.is_member()) unclean_.is_in = true;
}

void Member::read(const RollSnapshot& snapshot, const std::optional<StoredRegistration>& own) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(is_reading_, false)) {
    unclean_ = own ? own->unclean : UncleanEnds{};
    begin();
  }
  newest_ = std::max(newest_, snapshot.revision);
  nodes_.clear();
  liveness_.read(snapshot, here());
  note_membership();
}

void Member::see_node(const std::string& name, std::optional<StoredNode> value) {
  const std::lock_guard lock(mutex_);
  if (name == name_) {
    const bool is_other = value && value->incarnation != liveness_.incarnation() && liveness_.session() == 0;
    if (!is_other) namesake_.forget();
    return;
  }
  const auto at =
      std::ranges::lower_bound(nodes_, name, {}, [](const auto& each) -> const std::string& { return each.first; });
  const bool is_there = at != nodes_.end() && at->first == name;
  if (!value) {
    if (is_there) nodes_.erase(at);
  } else if (is_there) {
    at->second = std::move(*value);
  } else {
    nodes_.emplace(at, name, std::move(*value));
  }
}

void Member::end_differed(const DueEnd& end) {
  const std::lock_guard lock(mutex_);
  liveness_.end_differed(end);
}

std::optional<Member::EndGuards> Member::end_guards() {
  const std::lock_guard lock(mutex_);
  if (!liveness_.may_answer(here())) return std::nullopt;
  return EndGuards{liveness_.session(), liveness_.members()};
}

void Member::stop() {
  const std::lock_guard lock(mutex_);
  is_stopping_ = true;
  if (is_reading_) {
    has_left_ = true;
  } else {
    liveness_.stop(here());
  }
}

// ---------------------------------------------------------------- as it is

MemberState Member::state() const {
  const std::lock_guard lock(mutex_);
  const Now now = here();
  MemberState state;
  state.is_member = liveness_.is_member();
  state.answers = is_founded() && liveness_.may_answer(now);
  state.is_stopping = is_stopping_;
  state.proof_left = std::max(liveness_.proof_left(now), Duration::zero());
  state.behind = liveness_.behind_for(now);
  state.rejoins_in = liveness_.waits_for(now);
  state.members = (state.is_member ? 1 : 0) + static_cast<std::size_t>(std::ranges::count_if(
                                                  nodes_, [](const auto& node) { return node.second.is_member; }));
  state.liveness = liveness_.describe(now);
  if (state.answers) return state;
  if (is_stopping_) {
    state.why_not = "this node is stopping";
  } else if (is_reading_) {
    state.why_not = "this node reads the roll from etcd";
  } else if (!state.is_member) {
    state.why_not =
        !why_joins_not_.empty()    ? why_joins_not_
        : liveness_.session() == 0 ? "this node has no session in etcd yet"
        : state.rejoins_in > Duration::zero()
            ? fmt::format("this node has ended uncleanly {} within an hour, and joins again in {} s",
                          counted(unclean_.ends.size(), "time"), state.rejoins_in / std::chrono::seconds(1) + 1)
            : "this node waits until every member hears it and is heard by it";
  } else {
    state.why_not = "this node has not reached a majority of etcd for 4.5 s";
  }
  return state;
}

std::vector<std::string> Member::other_members() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_) {
    if (node.is_member) names.push_back(name);
  }
  return names;
}

bool Member::is_chosen_for(const registry::InstanceRef& key) const {
  const std::lock_guard lock(mutex_);
  if (!liveness_.is_member()) return false;
  const std::string label = registry::label_of(key.id);
  const auto weight = [&](const std::string& name) {
    return ids_.load(std::memory_order_acquire)->of(name, key.service.name, label);
  };
  const InstanceId own = weight(name_);
  return std::ranges::none_of(nodes_,
                              [&](const auto& node) { return node.second.is_member && weight(node.first) > own; });
}

bool Member::is_first_member() const {
  const std::lock_guard lock(mutex_);
  if (!liveness_.is_member()) return false;
  return std::ranges::none_of(nodes_, [&](const auto& node) { return node.second.is_member && node.first < name_; });
}

std::optional<Revision> Member::applied_by_all() const {
  const std::lock_guard lock(mutex_);
  if (!liveness_.is_member()) return std::nullopt;
  return liveness_.applied_by_all();
}

std::vector<std::pair<std::string, StoredNode>> Member::nodes() const {
  const std::lock_guard lock(mutex_);
  return nodes_;
}

std::vector<PeerAddress> Member::peer_addresses() const {
  const std::lock_guard lock(mutex_);
  std::vector<PeerAddress> addresses;
  for (const auto& [name, node] : nodes_) addresses.push_back({name, node.incarnation, node.peers});
  return addresses;
}

std::vector<std::string> Member::differing() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_) {
    if (node.zones_hash != self_.zones_hash || node.settings_hash != self_.settings_hash) names.push_back(name);
  }
  return names;
}

bool Member::has_namesake() const {
  const std::lock_guard lock(mutex_);
  return namesake_.goes_on();
}

void Member::set_addresses(std::string peers, std::string http) {
  const std::lock_guard lock(mutex_);
  self_.peers = std::move(peers);
  self_.http = std::move(http);
}

StoredNode Member::self() const {
  const std::lock_guard lock(mutex_);
  StoredNode self = self_;
  self.is_member = liveness_.is_member();
  self.hears = liveness_.hears();
  return self;
}

void Member::set_hashes(std::string zones, std::string settings) {
  const std::lock_guard lock(mutex_);
  self_.zones_hash = std::move(zones);
  self_.settings_hash = std::move(settings);
}

}  // namespace rollcall::cluster
