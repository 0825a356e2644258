#include "support/cluster/memory_store.h"

#include <algorithm>
#include <set>

namespace rollcall::cluster::testing {

Revision MemoryStore::changed(const std::string& key) const {
  const auto at = keys_.find(key);
  return at == keys_.end() ? 0 : at->second.value.changed;
}

bool MemoryStore::holds(const Compare& compare) const {
  const auto at = keys_.find(compare.key);
  if (at == keys_.end()) return compare.equals == 0;
  const KeyValue& value = at->second.value;
  return compare.equals == (compare.target == Compare::Target::mod_revision ? value.changed : value.created);
}

bool MemoryStore::is_within_limits(const Transaction& transaction) const {
  if (transaction.compares.size() > k_operations_max || transaction.otherwise.size() > k_operations_max) return false;
  if (transaction.puts.size() + transaction.deletes.size() > k_operations_max) return false;
  std::set<std::string_view> once;
  for (const Put& put : transaction.puts) {
    if (!once.insert(put.key).second) return false;
  }
  return std::ranges::all_of(transaction.deletes, [&](const std::string& key) { return once.insert(key).second; });
}

Committed MemoryStore::apply(const Transaction& transaction, LeaseId lease) {
  const auto in_session = std::ranges::any_of(transaction.puts, &Put::in_session);
  // etcd refuses a request with a put for lack of space before it looks at the compares.
  if (!is_within_limits(transaction)) return {CommitOutcome::refused, Refusal::too_large, header(), {}};
  if (is_full_ && !transaction.puts.empty()) return {CommitOutcome::refused, Refusal::no_space, header(), {}};
  if (!std::ranges::all_of(transaction.compares, [this](const Compare& compare) { return holds(compare); })) {
    Committed differed{CommitOutcome::differed, Refusal::none, header(), {}};
    for (const Range& range : transaction.otherwise) {
      for (KeyValue& found : read(range)) differed.read.push_back(std::move(found));
    }
    return differed;
  }
  if (in_session && !leases_.contains(lease)) return {CommitOutcome::refused, Refusal::no_lease, header(), {}};
  std::vector<KeyEvent> events;
  for (const std::string& key : transaction.deletes) {
    const auto at = keys_.find(key);
    if (at == keys_.end()) continue;
    events.push_back({true, {.key = key, .changed = revision_ + 1}});
    keys_.erase(at);
  }
  for (const Put& put : transaction.puts) {
    Entry& entry = keys_[put.key];
    if (entry.value.version == 0) entry.value = {.key = put.key, .created = revision_ + 1};
    entry.value.value = put.value;
    entry.value.changed = revision_ + 1;
    ++entry.value.version;
    entry.lease = put.in_session ? lease : 0;
    entry.value.lease = static_cast<LeaseNumber>(entry.lease);
    if (entry.lease != 0) attached_[lease].push_back(put.key);
    events.push_back({false, entry.value});
  }
  finish(std::move(events));
  return {CommitOutcome::applied, Refusal::none, header(), {}};
}

std::vector<KeyValue> MemoryStore::read(const Range& range) const {
  std::vector<KeyValue> found;
  if (range.end.empty()) {
    if (const auto at = keys_.find(range.begin); at != keys_.end()) found.push_back(at->second.value);
    return found;
  }
  for (auto at = keys_.lower_bound(range.begin); at != keys_.end() && at->first < range.end; ++at) {
    found.push_back(at->second.value);
  }
  return found;
}

std::vector<KeyValue> MemoryStore::read_past(const Range& range, Revision at) const {
  std::vector<KeyValue> found;
  for (auto key = past_.lower_bound(range.begin); key != past_.end(); ++key) {
    if (range.end.empty() ? key->first != range.begin : key->first >= range.end) break;
    const auto later = std::ranges::upper_bound(key->second, at, {}, &KeyValue::changed);
    if (later != key->second.begin() && std::prev(later)->version != 0) found.push_back(*std::prev(later));
  }
  return found;
}

Snapshot MemoryStore::read(const Reading& reading) const {
  Snapshot snapshot{ReadOutcome::answered, header(), {}};
  if (reading.at > revision_) snapshot.outcome = ReadOutcome::refused;
  if (reading.at != 0 && reading.at < compacted_) snapshot.outcome = ReadOutcome::compacted;
  if (!snapshot.ok()) return snapshot;
  snapshot.keys = reading.at == 0 ? read(reading.range) : read_past(reading.range, reading.at);
  if (reading.newest_only && !snapshot.keys.empty()) {
    KeyValue newest = *std::ranges::max_element(snapshot.keys, {}, &KeyValue::changed);
    newest.value.clear();
    snapshot.keys = {std::move(newest)};
  }
  const auto most = static_cast<std::size_t>(reading.keys_max);
  snapshot.more = most != 0 && snapshot.keys.size() > most;
  if (snapshot.more) snapshot.keys.resize(most);
  return snapshot;
}

void MemoryStore::remember() {
  past_.clear();
  for (const auto& [key, entry] : keys_) past_[key].push_back(entry.value);
}

void MemoryStore::finish(std::vector<KeyEvent> events) {
  if (events.empty()) return;
  ++revision_;
  for (const KeyEvent& event : events) past_[event.now.key].push_back(event.now);
  history_.push_back(std::make_shared<RevisionEvents>(revision_, std::move(events)));
  if (changed_hook) changed_hook(history_.back().get());
}

LeaseId MemoryStore::grant(Time expires) {
  if (is_full_) return 0;
  leases_[++last_lease_] = expires;
  return last_lease_;
}

bool MemoryStore::renew(LeaseId lease, Time expires) {
  const auto at = leases_.find(lease);
  if (at == leases_.end()) return false;
  at->second = expires;
  return true;
}

// One revision, as etcd makes it of all keys of a lease.
void MemoryStore::drop(LeaseId lease) {
  leases_.erase(lease);
  std::vector<KeyEvent> events;
  for (const std::string& key : attached_[lease]) {
    const auto at = keys_.find(key);
    if (at == keys_.end() || at->second.lease != lease) continue;
    keys_.erase(at);
    events.push_back({true, {.key = key, .changed = revision_ + 1}});
  }
  attached_.erase(lease);
  finish(std::move(events));
}

void MemoryStore::revoke(LeaseId lease) {
  if (leases_.contains(lease)) drop(lease);
}

void MemoryStore::expire(Time now) {
  for (const LeaseId lease : leases()) {
    if (leases_[lease] <= now) drop(lease);
  }
}

void MemoryStore::renew_all(Time expires) {
  for (auto& [lease, end] : leases_) end = expires;
}

std::vector<LeaseId> MemoryStore::leases() const {
  std::vector<LeaseId> ids;
  for (const auto& [lease, end] : leases_) ids.push_back(lease);
  return ids;
}

LeaseId MemoryStore::lease_of(const std::string& key) const {
  const auto at = keys_.find(key);
  return at == keys_.end() ? 0 : at->second.lease;
}

std::shared_ptr<const RevisionEvents> MemoryStore::history(Revision revision) const {
  if (revision <= compacted_ || revision > revision_) return nullptr;
  return history_[static_cast<std::size_t>(revision - compacted_ - 1)];
}

void MemoryStore::compact(Revision revision) {
  while (compacted_ < std::min(revision, revision_)) {
    history_.pop_front();
    ++compacted_;
  }
}

std::shared_ptr<const MemoryStore::Saved> MemoryStore::save() const {
  auto saved = std::make_shared<Saved>();
  saved->state = {keys_, leases_, revision_};
  return saved;
}

void MemoryStore::restore(const Saved& saved, bool new_cluster) {
  keys_ = saved.state.keys;
  leases_ = saved.state.leases;
  revision_ = compacted_ = saved.state.revision;
  history_.clear();
  attached_.clear();
  for (const auto& [key, entry] : keys_) {
    if (entry.lease != 0) attached_[entry.lease].push_back(key);
  }
  remember();
  if (new_cluster) ++cluster_id_;
  if (changed_hook) changed_hook(nullptr);
}

}  // namespace rollcall::cluster::testing
