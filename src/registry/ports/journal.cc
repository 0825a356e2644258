#include "registry/ports/journal.h"

#include <algorithm>

#include "base/check.h"

namespace rollcall::registry {

ChangeIndex Committed::index_of(ChangeIndex index) const {
  if (!is_staged(index)) return index;
  check(first_index > 0 && first_index <= last_index, "a commit has indexes for its changes");
  const ChangeIndex given = std::min(first_index + (index - k_staged_index) - 1, last_index);
  check(!is_staged(given), "an index that is given is none of the staged ones");
  return given;
}

// One more than an index, as the type says.
CheckedSince Committed::since(CheckedSince staged) const {
  const auto number = static_cast<ChangeIndex>(staged);
  return number == 0 ? staged : CheckedSince{index_of(number - 1) + 1};
}

void Transaction::number(const Committed& committed) {
  for (ServiceRecord& service : services) service.index = committed.index_of(service.index);
  for (InstanceRecord* record : instances) {
    record->index = committed.index_of(record->index);
    if (record->checked_since) record->checked_since = committed.since(*record->checked_since);
  }
  EventId next = committed.first_event;
  for (const std::shared_ptr<Event>& event : events) {
    event->index = committed.index_of(event->index);
    if (event->id == 0) event->id = next++;
    last_event = std::max(last_event, event->id);
  }
  if (changes > 0) index = std::max(index, committed.last_index);
}

Recorded CountingJournal::record(Transaction& transaction) {
  const Committed committed{
      .first_index = last_index_ + 1, .last_index = last_index_ + transaction.changes, .first_event = last_event_ + 1};
  transaction.index = std::max(transaction.index, committed.last_index);
  transaction.last_event = std::max(transaction.last_event, last_event_);
  transaction.number(committed);
  if (Result<void> written = write(transaction); !written) {
    return std::unexpected(NotRecorded(std::move(written.error())));
  }
  check(transaction.index >= last_index_ && transaction.last_event >= last_event_, "what is counted only grows");
  last_index_ = transaction.index;
  last_event_ = transaction.last_event;
  return committed;
}

void CountingJournal::go_on_after(ChangeIndex index, EventId event) {
  check(!is_staged(index), "only indexes that were given out are counted on from");
  last_index_ = std::max(last_index_, index);
  last_event_ = std::max(last_event_, event);
}

}  // namespace rollcall::registry
