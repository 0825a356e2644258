#include "support/journal/shared_roll.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace rollcall::registry::testing {
namespace {

InstanceKey to_key(const InstanceRef& ref) { return {registry::to_key(ref.service), std::string(ref.id)}; }

}  // namespace

OwnedTransaction::OwnedTransaction(const Transaction& transaction) : changes(transaction.changes) {
  for (const InstanceRecord* record : transaction.instances) puts.push_back(*record);
  for (const RemovedInstance& removed : transaction.removed) removals.emplace_back(to_key(removed), removed.replaces);
  for (const auto& event : transaction.events) events.push_back(*event);
}

ChangeIndex SharedRoll::index_of(const InstanceKey& key) const {
  const auto at = present_.find(key);
  return at == present_.end() ? 0 : at->second;
}

std::optional<NotRecorded> SharedRoll::find_conflict(const OwnedTransaction& transaction) const {
  NotRecorded conflict(Error{Errc::store_busy, "somebody else was faster"}, NotRecorded::Reason::conflict);
  const auto compare = [&](const InstanceKey& key, ChangeIndex replaces) {
    if (index_of(key) == replaces) return;
    conflict.conflicts.push_back(key);
    conflict.follow_up_to = std::max(conflict.follow_up_to, changed_.at(key));
  };
  for (const InstanceRecord& put : transaction.puts) compare(put.registration.key, put.replaces);
  for (const auto& [key, replaces] : transaction.removals) compare(key, replaces);
  if (conflict.conflicts.empty()) return std::nullopt;
  return conflict;
}

// The log tells what a watch would bring: each event, with the instance as the transaction leaves it, and what is changed
// without an event.
Recorded SharedRoll::commit(const OwnedTransaction& transaction) {
  if (std::optional<NotRecorded> conflict = find_conflict(transaction)) return std::unexpected(std::move(*conflict));
  const Committed committed{.first_index = index_ + 1,
                            .last_index = index_ + (indexes_ == Indexes::one_each ? transaction.changes : 1),
                            .first_event = last_event_ + 1};
  std::map<InstanceKey, const InstanceRecord*> puts;
  for (const InstanceRecord& put : transaction.puts) puts.emplace(put.registration.key, &put);
  std::vector<DurableChange> changes;
  const auto add = [&](Event event) {
    const auto put = puts.find(event.key);
    changes.push_back({.event = std::move(event), .present = std::nullopt});
    if (put == puts.end()) return;
    const InstanceRecord& record = *put->second;
    changes.back().present = DurableChange::Present{.registration = record.registration,
                                                    .standing = record.standing,
                                                    .registered_at = record.registered_at,
                                                    .renews_lease = record.renews_lease};
  };
  std::map<InstanceKey, ChangeIndex> told;
  for (Event event : transaction.events) {
    event.id = ++last_event_;
    event.index = committed.index_of(event.index);
    told[event.key] = event.index;
    add(std::move(event));
  }
  for (const auto& [key, put] : puts) {
    const ChangeIndex index = committed.index_of(put->index);
    if (told[key] < index) add({.key = key, .index = index});
  }
  std::ranges::stable_sort(changes, {}, [](const DurableChange& change) { return change.event.index; });
  for (DurableChange& change : changes) apply(std::move(change));
  index_ = committed.last_index;
  return committed;
}

void SharedRoll::change_elsewhere(const InstanceKey& key, const std::optional<Registration>& registration,
                                  std::string by) {
  const bool is_there = index_of(key) != 0;
  if (!registration && !is_there) return;
  Event event{.id = ++last_event_, .key = key, .by = std::move(by), .index = ++index_};
  event.kind = !registration ? EventKind::deregistered : is_there ? EventKind::updated : EventKind::registered;
  event.cause = !registration ? Cause::deregistered : is_there ? Cause::changed : Cause::registered;
  DurableChange change{.event = std::move(event), .present = std::nullopt};
  if (registration) change.present = DurableChange::Present{.registration = *registration};
  apply(std::move(change));
}

void SharedRoll::go_on_after(ChangeIndex index, EventId event) {
  index_ = std::max(index_, index);
  last_event_ = std::max(last_event_, event);
}

void SharedRoll::apply(DurableChange change) {
  const Event& event = change.event;
  changed_[event.key] = event.index;
  if (change.present) {
    present_[event.key] = event.index;
  } else {
    present_.erase(event.key);
  }
  log_.push_back(std::move(change));
}

}  // namespace rollcall::registry::testing
