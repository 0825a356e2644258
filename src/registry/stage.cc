#include "registry/stage.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/limits.h"
#include "registry/instance/instance_image.h"
#include "registry/instance/patched.h"
#include "registry/instance/standing.h"
#include "registry/rules.h"

namespace rollcall::registry {

std::vector<std::size_t> Stage::add_all(std::span<const Change> changes, LeaseTime now, WallTime wall_now,
                                        std::vector<Outcome>& outcomes, std::vector<std::size_t>& renewals) {
  std::vector<std::size_t> waiting;
  outcomes.reserve(changes.size());
  for (const Change& change : changes) {
    Context context{change.by, now, wall_now};
    outcomes.push_back(std::visit([&](const auto& asked) { return add(asked, context); }, change.asked));
    if (context.needs_record) waiting.push_back(outcomes.size() - 1);
    if (context.renews_lease) renewals.push_back(outcomes.size() - 1);
  }
  return waiting;
}

ChangeIndex Stage::index_for(const Context& context) {
  const ChangeIndex index = context.index != 0 ? context.index : ++last_;
  check(is_staged(index) == (context.index == 0), "a change has an index already, or takes the next place");
  return index;
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
      return {record.registration, record.standing,       record.registered_at, record.index,
              record.renews_lease, *record.checked_since, record.lease_holder,  nullptr};
    }
  }
  const Instance* live = instances_.find(key);
  if (live == nullptr) return {};
  return {live->registration(),
          live->standing(),
          live->registered_at,
          live->index,
          false,
          live->checked_since(),
          live->lease.counted_by(),
          live};
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
    if (std::optional<Error> refusal = refuse_service(service, zones_, asked.door)) return refusal;
  }
  if (asked.door != Door::native) return std::nullopt;
  if (std::optional<Error> refusal = refuse_names(asked.key.ref(), asked.tags, zones_)) return refusal;
  return refuse_labels(asked.key.ref(), asked.tags, *this);
}

void Stage::put_record(ServiceEdit& edit, const InstanceKey& key, std::optional<InstanceRecord> record) {
  edit.labels.put(key.id, record ? &record->registration : nullptr, instances_.find(key.ref()));
  edit.instances.insert_or_assign(key.id, std::move(record));
}

Outcome Stage::add(const Register& change, Context& context) {
  const Before before = find(change.registration.key.ref());
  const Registration asked =
      before.registration ? registered_over(*before.registration, change.registration) : change.registration;
  Standing standing =
      standing_of(before.registration ? &*before.registration : nullptr, before.standing, asked, context.wall_now);
  define_checks(standing, change.checks, context.now, context.wall_now);
  if (standing.checks.size() > limits::k_check_results_max) {
    context.needs_record = false;
    return failure(Errc::invalid, fmt::format("an instance has at most {} checks", limits::k_named_checks_max),
                   "checks");
  }
  if (before.registration.has_value() && means_the_same(*before.registration, asked) && standing == before.standing) {
    // A client that registers again does not call in for a check: one that is critical stays so.
    const bool is_overdue = before.published != nullptr && before.published->is_overdue();
    const bool is_elsewhere = before.published != nullptr && before.lease_holder == LeaseHolder::elsewhere;
    if ((before.published == nullptr && before.renews_lease) || (is_elsewhere && !is_overdue)) {
      return put_again(before, context);
    }
    if (before.published != nullptr && (before.published->is_overdue() || before.published->renew(context.now))) {
      context.needs_record = false;
      return Applied{.status = before.standing.status(),
                     .label = std::string(before.published->label()),
                     .index = before.index,
                     .expires_at = before.published->lease.expires_at()};
    }
  }
  const bool is_new = !before.registration.has_value();
  if (std::optional<Error> refusal = refuse(asked)) {
    context.needs_record = false;
    return std::unexpected(std::move(*refusal));
  }
  const Cause first = ended_.contains(asked.key.ref()) ? Cause::came_back : Cause::registered;
  context.renews_lease = asked.lease != LeaseKind::none;
  Outcome outcome = put(asked, before, std::move(standing), context);
  add_event(asked.key, before, is_new ? EventKind::registered : EventKind::updated, is_new ? first : Cause::changed,
            context);
  return outcome;
}

// The instance as it will be. The lease goes on, unless it is a registration that put it there.
Outcome Stage::put(const Registration& asked, const Before& before, Standing standing, Context& context) {
  const bool is_new = !before.registration.has_value();
  ServiceEdit& edit = edit_of(asked.key.service);
  const bool protocol_is_new = (edit.protocols & to_set(asked.protocol)) == 0;
  edit.protocols |= to_set(asked.protocol);
  edit.index = index_for(context);
  // A service's row is written when it appears, comes back, or shows a protocol for the first time.
  if (edit.current == nullptr || edit.current->instances.empty() || protocol_is_new) edit.index_needs_row = true;
  const Status status = standing.status();
  const bool is_as_judged = !is_new && is_judged_alike(*before.registration, asked);
  put_record(edit, asked.key,
             InstanceRecord{.registration = asked,
                            .standing = std::move(standing),
                            .index = edit.index,
                            .registered_at = is_new ? context.wall_now : before.registered_at,
                            .checked_since = is_as_judged ? before.checked_since : checked_since(asked, edit.index)});
  return Applied{
      .created = is_new, .changed = true, .status = status, .label = label_of(asked.key.id), .index = edit.index};
}

Outcome Stage::unknown(const InstanceKey& key) {
  return failure(Errc::unknown_instance,
                 fmt::format("the service \"{}\" has no instance \"{}\"", key.service.name, key.id));
}

Outcome Stage::add(const Deregister& change, Context& context) {
  return remove(change.key, {.kind = EventKind::deregistered, .cause = Cause::deregistered}, context);
}

Outcome Stage::add(const End& change, Context& context) {
  const Before before = find(change.key.ref());
  if (!before.registration.has_value()) {
    context.needs_record = false;
    return unknown(change.key);
  }
  // The lease ends here, ahead of the record: a heartbeat that comes meanwhile is told so, and never acknowledged for an
  // instance that is about to leave.
  const Instance* live = instances_.find(change.key.ref());
  if (change.is_critical_too_long) {
    const bool is_over = before.published != nullptr && live->ends_at() <= context.now;
    if (!is_over) return keep_as_it_is(change.key, before, context);
    return remove(change.key, {.kind = EventKind::expired, .cause = Cause::critical_too_long}, context);
  }
  const bool is_the_same = before.checked_since == change.judged && !before.renews_lease && live != nullptr;
  if (!is_the_same) return keep_as_it_is(change.key, before, context);
  if (live->lease.counted_by() == LeaseHolder::elsewhere) {
    if (live->lease.expires_at() > change.unless_renewed) return keep_as_it_is(change.key, before, context);
  } else {
    const std::optional<LeaseTime> deadline = live->lease.end_unless_renewed(change.unless_renewed);
    if (!deadline) return keep_as_it_is(change.key, before, context);
    ended_early_.push_back({change.key, live->index, *deadline});
  }
  return remove(change.key, {.kind = EventKind::expired, .cause = Cause::refused, .detail = change.reason}, context);
}

void Stage::undo_early_ends() {
  const rcu::ReadLock lock;
  for (const EarlyEnd& end : ended_early_) {
    const Instance* live = instances_.find(end.key.ref());
    if (live != nullptr && live->index == end.index) live->lease.undo_end(end.deadline);
  }
}

// A verdict about another version: nothing changes. What is said of a version that is only staged depends on its record.
Outcome Stage::keep_as_it_is(const InstanceKey& key, const Before& before, Context& context) const {
  context.needs_record = is_staged(before.index);
  return Applied{.status = before.standing.status(), .label = label_of(key.id), .index = before.index};
}

Outcome Stage::remove(const InstanceKey& key, Event event, Context& context) {
  const Before before = find(key.ref());
  context.needs_record = before.registration.has_value();
  if (!context.needs_record) return unknown(key);
  const Status status = before.standing.status();
  ServiceEdit& edit = edit_of(key.service);
  edit.index = index_for(context);
  edit.index_needs_row = true;
  put_record(edit, key, std::nullopt);
  add_event(key, before, event.kind, event.cause, context, std::move(event.detail));
  return Applied{.changed = true, .status = status, .label = label_of(key.id), .index = edit.index};
}

Outcome Stage::add(const SetDraining& change, Context& context) {
  const Before before = find(change.key.ref());
  if (!before.registration.has_value()) {
    context.needs_record = false;
    return unknown(change.key);
  }
  Standing standing = before.standing;
  standing.is_draining = change.is_draining;
  if (change.is_draining && !before.standing.is_draining) drained_.push_back(change.key);
  const Cause cause = change.is_draining ? Cause::drain_started : Cause::drain_ended;
  return put_standing(change.key, before, std::move(standing), cause, context);
}

Outcome Stage::add(const SetHealth& change, Context& context) {
  const Before before = find(change.key.ref());
  if (!before.registration.has_value()) {
    context.needs_record = false;
    return unknown(change.key);
  }
  if (before.checked_since != change.judged) return keep_as_it_is(change.key, before, context);
  Standing standing = before.standing;
  standing.set_plan_result(change.is_critical, change.output.substr(0, limits::k_check_output_bytes_max),
                           context.wall_now);
  const Cause cause = change.is_critical ? Cause::check_failed : Cause::check_passed;
  return put_standing(change.key, before, std::move(standing), cause, context);
}

Outcome Stage::put_standing(const InstanceKey& key, const Before& before, Standing standing, Cause cause,
                            Context& context) {
  if (standing == before.standing) {
    context.needs_record = before.published == nullptr;
    return Applied{.status = standing.status(), .label = label_of(key.id), .index = before.index};
  }
  const bool shows = standing.status() != before.standing.status();
  if (shows) standing.since = context.wall_now;
  const std::string detail(standing.output().substr(0, limits::k_check_output_bytes_max));
  const Status status = standing.status();
  Outcome outcome = put(*before.registration, before, std::move(standing), context);
  keep_lease(key, before, before.renews_lease);
  if (shows) {
    add_event(key, before, kind_of(status), cause, context, cause == Cause::check_failed ? detail : std::string());
  }
  return outcome;
}

Outcome Stage::add(const Edit& change, Context& context) {
  const Registration& asked = change.registration;
  const Before before = find(asked.key.ref());
  const bool is_new = !before.registration.has_value();
  if (!is_new && *before.registration == asked && before.standing == change.standing) {
    context.needs_record = is_staged(before.index);
    return Applied{.status = before.standing.status(), .label = label_of(asked.key.id), .index = before.index};
  }
  if (std::optional<Error> refusal = refuse(asked)) {
    context.needs_record = false;
    return std::unexpected(std::move(*refusal));
  }
  Standing standing = change.standing;
  // What a check has said leaves with the checks; what somebody has written into the row by hand stays.
  if (!is_new && standing.is_critical() == before.standing.is_critical()) {
    standing = standing_of(&*before.registration, std::move(standing), asked, context.wall_now);
  }
  const bool shows = !is_new && standing.status() != before.standing.status();
  if (is_new || shows) standing.since = context.wall_now;
  if (standing.is_draining && !before.standing.is_draining) drained_.push_back(asked.key);
  const Status status = standing.status();
  Outcome outcome = put(asked, before, std::move(standing), context);
  keep_lease(asked.key, before, is_new || before.renews_lease);
  const EventKind kind = is_new ? EventKind::registered : shows ? kind_of(status) : EventKind::updated;
  add_event(asked.key, before, kind, Cause::edited, context);
  return outcome;
}

// For a change that does not concern the lease: it goes on as it is, counted by the same node as before.
void Stage::keep_lease(const InstanceKey& key, const Before& before, bool renews_lease) {
  InstanceRecord& record = *edits_.at(key.service).instances.find(key.id)->second;
  record.renews_lease = renews_lease;
  record.lease_holder = before.lease_holder;
}

void Stage::add_event(const InstanceKey& key, const Before& before, EventKind kind, Cause cause, const Context& context,
                      std::string detail) {
  events_.push_back({.at = context.wall_now,
                     .key = key,
                     .kind = kind,
                     .cause = cause,
                     .by = context.by,
                     .detail = std::move(detail),
                     .index = last_,
                     .before = before.registration
                                   ? write_image(*before.registration, before.standing, before.registered_at)
                                   : std::string()});
}

// The cause is told with the change; what it says of the labels and names of others is held to the rules here too, because
// each node has zone files of its own.
std::optional<Error> Stage::add_durable(const DurableChange& change, LeaseTime now) {
  const Event& event = change.event;
  check(event.index > 0 && !is_staged(event.index), "a durable change has an index");
  const Before before = find(event.key.ref());
  Context context{event.by, {}, event.at};
  context.index = event.index;
  if (!change.present) {
    if (!before.registration) return std::nullopt;
    ServiceEdit& edit = edit_of(event.key.service);
    edit.index = event.index;
    put_record(edit, event.key, std::nullopt);
  } else {
    check(change.present->registration.key == event.key, "a durable change is about the instance it names");
    if (std::optional<Error> refusal = refuse(change.present->registration)) return refusal;
    const auto edited = edits_.find(event.key.service);
    const ChangeIndex index_before = edited == edits_.end() ? 0 : edited->second.index;
    if (change.present->standing.is_draining && !before.standing.is_draining) drained_.push_back(event.key);
    Standing standing = change.present->standing;
    settle_ends(standing, before.standing, now);
    static_cast<void>(put(change.present->registration, before, std::move(standing), context));
    InstanceRecord& record = *edits_.at(event.key.service).instances.find(event.key.id)->second;
    record.registered_at = change.present->registered_at;
    if (change.present->unchanged_since != 0) record.index = change.present->unchanged_since;
    ServiceEdit& edit = edits_.at(event.key.service);
    edit.index = std::max({record.index, index_before, edit.current == nullptr ? 0 : edit.current->index});
    record.lease_holder = change.present->lease_holder;
    record.renews_lease = change.present->renews_lease || !before.registration || before.renews_lease;
  }
  events_.push_back(event);
  return std::nullopt;
}

bool Stage::concerns(const InstanceKey& key) const {
  const auto edit = edits_.find(key.service);
  return edit != edits_.end() && edit->second.instances.contains(key.id);
}

Transaction Stage::transaction(WallTime wall_now) {
  Transaction transaction;
  transaction.changes = last_ - k_staged_index;
  for (auto& [key, edit] : edits_) {
    std::ptrdiff_t members = edit.current == nullptr ? 0 : std::ssize(edit.current->instances);
    for (auto& [id, record] : edit.instances) {
      const InstanceRef instance{key.ref(), id};
      const Instance* live = instances_.find(instance);
      const ChangeIndex replaces = live == nullptr ? 0 : stored_.of(*live);
      if (record) {
        record->replaces = replaces;
        transaction.instances.push_back(&*record);
        if (live == nullptr) ++members;
      } else {
        transaction.removed.emplace_back(instance, replaces);
        if (live != nullptr) --members;
      }
    }
    check(members >= 0, "no more instances leave a service than it has");
    if (edit.index_needs_row) {
      transaction.services.push_back(
          {key, edit.index, edit.protocols, members == 0 ? std::optional(wall_now) : std::nullopt});
    }
  }
  for (const ServiceKey& key : forgotten_) {
    if (count_members(key.ref()) == 0) transaction.forgotten.push_back(key.ref());
  }
  return transaction;
}

void Stage::number(const Committed& committed) {
  for (auto& [key, edit] : edits_) edit.index = committed.index_of(edit.index);
}

}  // namespace rollcall::registry
