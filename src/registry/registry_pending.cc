// What is visible and not recorded yet, and the history: how both come into a transaction, and what follows its record.
#include <algorithm>
#include <iterator>
#include <memory>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "registry/registry.h"
#include "registry/stage.h"

namespace rollcall::registry {

bool Registry::has_unrecorded_rows() const noexcept {
  return !pending_.removed.empty() || !pending_.services.empty() || !pending_.forgotten.empty() ||
         !pending_.changed.empty() || !pending_.set_aside.empty() || !pending_.events.empty();
}

// It happened before what the transaction has already: its events come first, and a change staged for the same service is
// newer than the pending row.
void Registry::add_pending_to(Transaction& transaction) {
  const rcu::ReadLock lock;
  // The set borrows from the rows, which must not move.
  transaction.services.reserve(transaction.services.size() + pending_.services.size());
  std::unordered_set<ServiceRef, ServiceHash, ServiceEqual> newer;
  for (const ServiceRecord& record : transaction.services) newer.insert(record.key.ref());
  for (const auto& [key, record] : pending_.services) {
    if (!newer.contains(key.ref())) transaction.services.push_back(record);
  }
  std::set<InstanceRef> staged(transaction.removed.begin(), transaction.removed.end());
  for (const InstanceRecord* record : transaction.instances) staged.insert(record->registration.key.ref());
  for (auto& [key, record] : pending_.changed) {
    if (!staged.contains(key.ref())) transaction.instances.push_back(&record);
  }
  for (const auto& [key, index] : pending_.removed) transaction.removed.emplace_back(key.ref(), index);
  for (const ServiceKey& key : pending_.forgotten) {
    const bool came_back = newer.contains(key.ref()) || services_.find(key.ref()) != nullptr;
    if (!came_back) transaction.forgotten.push_back(key.ref());
  }
  for (const Refused& each : pending_.set_aside) transaction.set_aside.push_back(&each);
  if (pending_.events.empty()) return;
  std::vector<std::shared_ptr<Event>> events;
  events.reserve(pending_.events.size() + transaction.events.size());
  for (const Event& event : pending_.events) events.push_back(std::make_shared<Event>(event));
  std::ranges::move(transaction.events, std::back_inserter(events));
  transaction.events = std::move(events);
}

Result<void> Registry::record_pending() {
  Transaction transaction;
  add_pending_to(transaction);
  Recorded recorded = journal_.record(transaction);
  if (!recorded) return std::unexpected(Error(std::move(recorded.error())));
  transaction.number(*recorded);
  pending_ = {};
  tell_of(transaction);
  check(!has_unrecorded_rows(), "what is recorded is pending no more");
  return {};
}

// What is durable elsewhere is newer than what this node wanted to write of the same instance.
void Registry::forget_pending(const DurableChange& change) {
  if (!has_unrecorded_rows()) return;
  const InstanceKey& key = change.event.key;
  std::erase_if(pending_.removed, [&](const auto& each) { return each.first == key; });
  std::erase_if(pending_.events,
                [&](const Event& event) { return event.key == key && event.index == change.event.index; });
  pending_.changed.erase(key);
  std::erase(pending_.forgotten, key.service);
  pending_.services.erase(key.service);
}

// --- The history ---

void Registry::add_events_to(Transaction& transaction, std::vector<Event>& staged) const {
  transaction.events.reserve(staged.size());
  for (Event& event : staged) transaction.events.push_back(std::make_shared<Event>(std::move(event)));
}

void Registry::tell_of(Transaction& transaction) {
  if (transaction.events.empty()) return;
  EventId before = 0;
  for (const std::shared_ptr<Event>& event : transaction.events) {
    check(event->id > before && !is_staged(event->index), "events are told in order, numbered, with their index");
    before = event->id;
    if (event->cause == Cause::refused) ended_.add(event->key.ref());
    if (event->cause == Cause::came_back) ended_.remove(event->key.ref());
  }
  if (sink_ == nullptr) return;
  auto& events = transaction.events;
  sink_->tell({std::make_move_iterator(events.begin()), std::make_move_iterator(events.end())});
}

}  // namespace rollcall::registry
