// Heartbeats that have to be stored: how that is staged.
#include <utility>

#include "registry/stage.h"

namespace rollcall::registry {

// An instance whose check is critical because nobody has called in is not renewed by a heartbeat: only its check passes.
Outcome Stage::add(const Renew& change, Context& context) {
  const Before before = find(change.key.ref());
  const bool is_meant = before.registration && (!change.judged || before.checked_since == *change.judged);
  const bool is_overdue = before.published != nullptr && before.published->is_overdue();
  if (!is_meant || is_overdue) {
    context.needs_record = false;
    return unknown(change.key);
  }
  return put_again(before, context);
}

// The same record, for its lease alone: no event tells of it.
Outcome Stage::put_again(const Before& before, Context& context) {
  const InstanceKey& key = before.registration->key;
  context.renews_lease = before.registration->lease != LeaseKind::none;
  if (before.published == nullptr && before.renews_lease) {  // it is put with this transaction already
    return Applied{.status = before.standing.status(), .label = label_of(key.id), .index = before.index};
  }
  Outcome outcome = put(*before.registration, before, before.standing, context);
  outcome->changed = false;
  if (before.published != nullptr) {
    InstanceRecord& record = *edits_.at(key.service).instances.find(key.id)->second;
    record.unchanged_since = before.index;
  }
  return outcome;
}

}  // namespace rollcall::registry
