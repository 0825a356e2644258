#include "registry/stage.h"

#include <fmt/format.h>
#include <utility>

#include "registry/health.h"

namespace rollcall::registry {

std::vector<std::size_t> Stage::add_all(std::span<const Change> changes, LeaseTime now, WallTime wall_now,
                                        std::vector<Outcome>& outcomes) {
  std::vector<std::size_t> waiting;
  outcomes.reserve(changes.size());
  for (const Change& change : changes) {
    bool waits = false;
    if (const Register* registration = std::get_if<Register>(&change)) {
      outcomes.push_back(add(*registration, now, wall_now, waits));
    } else {
      outcomes.push_back(add(std::get<Deregister>(change), waits));
    }
    if (waits) waiting.push_back(outcomes.size() - 1);
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
      return {&record.registration, record.status, record.registered_at, record.index, nullptr};
    }
  }
  const Instance* live = instances_.find(key);
  if (live == nullptr) return {};
  return {&live->registration, live->status, live->registered_at, live->index, live};
}

// An id that differs from this one only in case: both would be the same DNS name.
const std::string* Stage::find_same_label(const InstanceRef& key) const {
  const auto differs_in_case = [&](std::string_view id) { return id != key.id && equal_but_for_case(id, key.id); };
  if (const auto edit = edits_.find(key.service); edit != edits_.end()) {
    for (const auto& [id, record] : edit->second.instances) {
      if (record && differs_in_case(id)) return &id;
    }
  }
  const Instance* twin = instances_.find_if(hash_of(key), [&](const Instance& other) {
    return other.registration.key.service.ref() == key.service && differs_in_case(other.registration.key.id);
  });
  if (twin == nullptr) return nullptr;
  const bool still_there = find(twin->key()).registration != nullptr;
  return still_there ? &twin->registration.key.id : nullptr;
}

std::optional<Error> Stage::refuse_new(const InstanceRef& key) const {
  if (services_.find(key.service) == nullptr) {
    if (const auto conflict = zones_.find_conflict(key.service)) {
      return Error{
          Errc::conflict,
          fmt::format("the zone file has the name {}: choose another service name or remove it there", *conflict),
          "service"};
    }
  }
  if (const std::string* twin = find_same_label(key)) {
    return Error{Errc::conflict,
                 fmt::format("the id differs only in case from the registered \"{}\", and both would be one DNS name: "
                             "choose another id",
                             *twin),
                 "id"};
  }
  return std::nullopt;
}

Outcome Stage::add(const Register& change, LeaseTime now, WallTime wall_now, bool& waits) {
  const Registration& asked = change.registration;
  const Before before = find(asked.key.ref());
  waits = true;
  if (before.registration != nullptr && *before.registration == asked) {
    if (before.published == nullptr) {  // repeats what waits for the record already
      return Applied{.status = before.status, .label = label_of(asked.key.id), .index = before.index, .expires_at = {}};
    }
    if (before.published->lease.renew(now, asked.ttl)) {
      waits = false;
      return Applied{.status = before.status,
                     .label = before.published->label,
                     .index = before.index,
                     .expires_at = before.published->lease.expires_at()};
    }
  }
  const bool is_new = before.registration == nullptr;
  if (is_new) {
    if (std::optional<Error> refusal = refuse_new(asked.key.ref())) {
      waits = false;
      return std::unexpected(std::move(*refusal));
    }
  }
  ServiceEdit& edit = edit_of(asked.key.service);
  const bool protocol_is_new = (edit.protocols & to_set(asked.protocol)) == 0;
  edit.protocols |= to_set(asked.protocol);
  edit.index = ++index_;
  // A service's row is written when it appears, comes back, or shows a protocol for the first time.
  if (edit.current == nullptr || edit.current->instances.empty() || protocol_is_new) edit.index_needs_row = true;
  // A registration that repeats or updates an instance does not undo a drain.
  const Status status = status_of(before.registration, before.status, asked);
  edit.instances.insert_or_assign(asked.key.id,
                                  InstanceRecord{asked, status, index_, is_new ? wall_now : before.registered_at});
  return Applied{.created = is_new,
                 .changed = true,
                 .status = status,
                 .label = label_of(asked.key.id),
                 .index = index_,
                 .expires_at = {}};
}

Outcome Stage::add(const Deregister& change, bool& waits) {
  const Before before = find(change.key.ref());
  waits = before.registration != nullptr;
  if (!waits) {
    return failure(Errc::unknown_instance,
                   fmt::format("the service \"{}\" has no instance \"{}\"", change.key.service.name, change.key.id));
  }
  const Status status = before.status;
  ServiceEdit& edit = edit_of(change.key.service);
  edit.index = ++index_;
  edit.index_needs_row = true;
  edit.instances.insert_or_assign(change.key.id, std::nullopt);
  return Applied{
      .changed = true, .status = status, .label = label_of(change.key.id), .index = index_, .expires_at = {}};
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
