#include "registry/stage.h"

#include <fmt/format.h>
#include <utility>
#include <variant>

#include "registry/standing.h"
#include "registry/rules.h"

namespace rollcall::registry {

std::vector<std::size_t> Stage::add_all(std::span<const Change> changes, LeaseTime now, WallTime wall_now,
                                        std::vector<Outcome>& outcomes) {
  std::vector<std::size_t> waiting;
  outcomes.reserve(changes.size());
  for (const Change& change : changes) {
    Asking asking{change.by, now, wall_now};
    outcomes.push_back(std::visit([&](const auto& asked) { return add(asked, asking); }, change.asked));
    if (asking.waits) waiting.push_back(outcomes.size() - 1);
  }
  return waiting;
}

ServiceEdit& Stage::edit_of(const ServiceKey& key) {
  const auto [at, is_new] = edits_.try_emplace(key);
  ServiceEdit& edit = at->second;
  if (is_new) {
    edit.current = services_.find(key.ref());
    if (edit.current != nullptr) edit.protocols = edit.current->protocols;
  }
  return edit;
}

Stage::Before Stage::find(const InstanceRef& key) const {
  if (const auto edit = edits_.find(key.service); edit != edits_.end()) {
    if (const auto staged = edit->second.instances.find(key.id); staged != edit->second.instances.end()) {
      if (!staged->second) return {};
      const InstanceRecord& record = *staged->second;
      return {record.registration,   record.standing, record.registered_at, record.index, record.renews_lease,
              *record.checked_since, nullptr};
    }
  }
  const Instance* live = instances_.find(key);
  if (live == nullptr) return {};
  return {live->registration(), live->standing(), live->registered_at, live->index, false, live->checked_since(), live};
}

// The labels below a service as the changes so far have left them.
std::optional<std::string> Stage::find_instance(const ServiceRef& service, std::string_view label) const {
  const Instance* published = labels_.find(service, label);
  const auto edit = edits_.find(service);
  if (edit != edits_.end()) {
    if (std::optional<std::string> staged = edit->second.labels.find_instance(label)) return staged;
    if (published != nullptr && edit->second.instances.contains(published->id())) return std::nullopt;
  }
  return published == nullptr ? std::nullopt : std::optional<std::string>(published->id());
}

bool Stage::has_tag(const ServiceRef& service, std::string_view tag) const {
  const std::size_t published = labels_.count_tag(service, tag);
  const auto edit = edits_.find(service);
  if (edit == edits_.end()) return published > 0;
  return edit->second.labels.has_tag(tag) || published > edit->second.labels.count_overridden(tag);
}

std::optional<Error> Stage::refuse(const Registration& asked) const {
  const ServiceRef service = asked.key.service.ref();
  // One that is known, or that this stage has let in already, was asked then.
  if (edits_.find(service) == edits_.end() && services_.find(service) == nullptr) {
    if (std::optional<Error> refusal = refuse_service(service, zones_)) return refusal;
  }
  if (std::optional<Error> refusal = refuse_names(asked.key.ref(), asked.tags, zones_)) return refusal;
  return refuse_labels(asked.key.ref(), asked.tags, *this);
}

void Stage::put_record(ServiceEdit& edit, const InstanceKey& key, std::optional<InstanceRecord> record) {
  edit.labels.put(key.id, record ? &record->registration : nullptr, instances_.find(key.ref()));
  edit.instances.insert_or_assign(key.id, std::move(record));
}

Outcome Stage::add(const Register& change, Asking& asking) {
  const Registration& asked = change.registration;
  const Before before = find(asked.key.ref());
  if (before.registration.has_value() && means_the_same(*before.registration, asked)) {
    if (before.published == nullptr && before.renews_lease) {  // repeats what waits for the record already
      return Applied{.status = before.standing.status(), .label = label_of(asked.key.id), .index = before.index};
    }
    if (before.published != nullptr && before.published->lease.renew(asking.now, asked.ttl)) {
      asking.waits = false;
      return Applied{.status = before.standing.status(),
                     .label = std::string(before.published->label()),
                     .index = before.index,
                     .expires_at = before.published->lease.expires_at()};
    }
  }
  const bool is_new = !before.registration.has_value();
  if (std::optional<Error> refusal = refuse(asked)) {
    asking.waits = false;
    return std::unexpected(std::move(*refusal));
  }
  const Cause first = ended_.contains(asked.key.ref()) ? Cause::came_back : Cause::registered;
  Standing standing =
      standing_of(before.registration ? &*before.registration : nullptr, before.standing, asked, asking.wall_now);
  Outcome outcome = put(asked, before, std::move(standing), asking);
  tell(asked.key, is_new ? EventKind::registered : EventKind::updated, is_new ? first : Cause::changed, asking);
  return outcome;
}

// The instance as it will be. The lease goes on, unless it is a registration that put it there.
Outcome Stage::put(const Registration& asked, const Before& before, Standing standing, Asking& asking) {
  const bool is_new = !before.registration.has_value();
  ServiceEdit& edit = edit_of(asked.key.service);
  const bool protocol_is_new = (edit.protocols & to_set(asked.protocol)) == 0;
  edit.protocols |= to_set(asked.protocol);
  edit.index = ++index_;
  // A service's row is written when it appears, comes back, or shows a protocol for the first time.
  if (edit.current == nullptr || edit.current->instances.empty() || protocol_is_new) edit.index_needs_row = true;
  const Status status = standing.status();
  const bool is_as_judged = !is_new && is_judged_alike(*before.registration, asked);
  put_record(edit, asked.key,
             InstanceRecord{.registration = asked,
                            .standing = std::move(standing),
                            .index = index_,
                            .registered_at = is_new ? asking.wall_now : before.registered_at,
                            .checked_since = is_as_judged ? before.checked_since : checked_since(asked, index_)});
  return Applied{
      .created = is_new, .changed = true, .status = status, .label = label_of(asked.key.id), .index = index_};
}

namespace {

Outcome unknown(const InstanceKey& key) {
  return failure(Errc::unknown_instance,
                 fmt::format("the service \"{}\" has no instance \"{}\"", key.service.name, key.id));
}

}  // namespace

Outcome Stage::add(const Deregister& change, Asking& asking) {
  return take_out(change.key, {.kind = EventKind::deregistered, .cause = Cause::deregistered}, asking);
}

Outcome Stage::add(const End& change, Asking& asking) {
  const Before before = find(change.key.ref());
  if (!before.registration.has_value()) {
    asking.waits = false;
    return unknown(change.key);
  }
  // The lease ends here, ahead of the record: a heartbeat that comes meanwhile is told so, and never acknowledged for an
  // instance that is about to leave.
  const Instance* live = instances_.find(change.key.ref());
  const bool is_the_same = before.checked_since == change.judged && !before.renews_lease && live != nullptr;
  if (!is_the_same) return leave(change.key, before, asking);
  const std::optional<LeaseTime> deadline = live->lease.end_unless_renewed(change.unless_renewed);
  if (!deadline) return leave(change.key, before, asking);
  ended_ahead_.emplace_back(live, *deadline);
  return take_out(change.key, {.kind = EventKind::expired, .cause = Cause::refused, .detail = change.reason}, asking);
}

void Stage::take_back() {
  for (const auto& [instance, deadline] : ended_ahead_) instance->lease.undo_end(deadline);
}

// A verdict about another version: nothing changes.
Outcome Stage::leave(const InstanceKey& key, const Before& before, Asking& asking) const {
  asking.waits = false;
  return Applied{.status = before.standing.status(), .label = label_of(key.id), .index = before.index};
}

Outcome Stage::take_out(const InstanceKey& key, Event event, Asking& asking) {
  const Before before = find(key.ref());
  asking.waits = before.registration.has_value();
  if (!asking.waits) return unknown(key);
  const Status status = before.standing.status();
  ServiceEdit& edit = edit_of(key.service);
  edit.index = ++index_;
  edit.index_needs_row = true;
  put_record(edit, key, std::nullopt);
  tell(key, event.kind, event.cause, asking, std::move(event.detail));
  return Applied{.changed = true, .status = status, .label = label_of(key.id), .index = index_};
}

Outcome Stage::add(const SetDraining& change, Asking& asking) {
  const Before before = find(change.key.ref());
  if (!before.registration.has_value()) {
    asking.waits = false;
    return unknown(change.key);
  }
  Standing standing = before.standing;
  standing.is_draining = change.is_draining;
  if (change.is_draining && !before.standing.is_draining) drained_.push_back(change.key);
  const Cause cause = change.is_draining ? Cause::drain_started : Cause::drain_ended;
  return put_standing(change.key, before, std::move(standing), cause, asking);
}

Outcome Stage::add(const SetHealth& change, Asking& asking) {
  const Before before = find(change.key.ref());
  if (!before.registration.has_value()) {
    asking.waits = false;
    return unknown(change.key);
  }
  if (before.checked_since != change.judged) return leave(change.key, before, asking);
  Standing standing = before.standing;
  standing.is_critical = change.is_critical;
  standing.output = change.is_critical ? change.output.substr(0, limits::k_check_output_bytes_max) : std::string();
  const Cause cause = change.is_critical ? Cause::check_failed : Cause::check_passed;
  return put_standing(change.key, before, std::move(standing), cause, asking);
}

Outcome Stage::put_standing(const InstanceKey& key, const Before& before, Standing standing, Cause cause,
                            Asking& asking) {
  if (standing == before.standing) {
    asking.waits = before.published == nullptr;
    return Applied{.status = standing.status(), .label = label_of(key.id), .index = before.index};
  }
  const bool shows = standing.status() != before.standing.status();
  if (shows) standing.since = asking.wall_now;
  const std::string detail = standing.output;
  const Status status = standing.status();
  Outcome outcome = put(*before.registration, before, std::move(standing), asking);
  edits_.at(key.service).instances.find(key.id)->second->renews_lease = before.renews_lease;
  if (shows) tell(key, kind_of(status), cause, asking, cause == Cause::check_failed ? detail : std::string());
  return outcome;
}

Outcome Stage::add(const Edit& change, Asking& asking) {
  const Registration& asked = change.registration;
  const Before before = find(asked.key.ref());
  const bool is_new = !before.registration.has_value();
  if (!is_new && *before.registration == asked && before.standing == change.standing) {
    asking.waits = false;
    return Applied{.status = before.standing.status(), .label = label_of(asked.key.id), .index = before.index};
  }
  if (std::optional<Error> refusal = refuse(asked)) {
    asking.waits = false;
    return std::unexpected(std::move(*refusal));
  }
  Standing standing = change.standing;
  // What a check has said leaves with the checks; what somebody has written into the row by hand stays.
  if (!is_new && standing.is_critical == before.standing.is_critical) {
    standing = standing_of(&*before.registration, std::move(standing), asked, asking.wall_now);
  }
  const bool shows = !is_new && standing.status() != before.standing.status();
  if (is_new || shows) standing.since = asking.wall_now;
  if (standing.is_draining && !before.standing.is_draining) drained_.push_back(asked.key);
  const Status status = standing.status();
  Outcome outcome = put(asked, before, std::move(standing), asking);
  edits_.at(asked.key.service).instances.find(asked.key.id)->second->renews_lease = is_new || before.renews_lease;
  const EventKind kind = is_new ? EventKind::registered : shows ? kind_of(status) : EventKind::updated;
  tell(asked.key, kind, Cause::edited, asking);
  return outcome;
}

void Stage::tell(const InstanceKey& key, EventKind kind, Cause cause, const Asking& asking, std::string detail) {
  events_.push_back({.at = asking.wall_now,
                     .key = key,
                     .kind = kind,
                     .cause = cause,
                     .by = asking.by,
                     .detail = std::move(detail),
                     .index = index_});
}

Transaction Stage::transaction(WallTime wall_now) const {
  Transaction transaction;
  transaction.index = index_;
  for (const auto& [key, edit] : edits_) {
    std::ptrdiff_t members = edit.current == nullptr ? 0 : std::ssize(edit.current->instances);
    for (const auto& [id, record] : edit.instances) {
      const InstanceRef instance{key.ref(), id};
      const bool was_there = instances_.find(instance) != nullptr;
      if (record) {
        transaction.instances.push_back(&*record);
        if (!was_there) ++members;
      } else {
        transaction.removed.push_back(instance);
        if (was_there) --members;
      }
    }
    if (edit.index_needs_row) {
      transaction.services.push_back(
          {key, edit.index, edit.protocols, members == 0 ? std::optional(wall_now) : std::nullopt});
    }
  }
  return transaction;
}

}  // namespace rollcall::registry
