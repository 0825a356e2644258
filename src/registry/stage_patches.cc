// Changes beside the registrations: fields of one instance, and services that are forgotten.
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/counted.h"
#include "registry/instance/patched.h"
#include "registry/stage.h"

namespace rollcall::registry {

Outcome Stage::add(const Patch& change, Context& context) {
  const Before before = find(change.key.ref());
  context.needs_record = false;
  if (!before.registration.has_value()) return unknown(change.key);
  const Result<Registration> next =
      patched(*before.registration, change, zones_.apex_bytes_of(change.key.service.zone));
  if (!next) return std::unexpected(next.error());
  if (*next == *before.registration) return keep_as_it_is(change.key, before, context);
  if (std::optional<Error> refusal = refuse(*next)) return std::unexpected(std::move(*refusal));
  context.needs_record = true;
  Outcome outcome = put(*next, before, before.standing, context);
  keep_lease(change.key, before, before.renews_lease);
  add_event(change.key, before, EventKind::updated, Cause::changed, context);
  return outcome;
}

// How many instances the service has, as the changes so far have left it.
std::size_t Stage::count_members(const ServiceRef& key) const {
  const Service* service = services_.find(key);
  std::size_t members = service == nullptr ? 0 : service->instances.size();
  const auto edit = edits_.find(key);
  if (edit == edits_.end()) return members;
  for (const auto& [id, record] : edit->second.instances) {
    const bool is_live = instances_.find(InstanceRef{key, id}) != nullptr;
    if (record && !is_live) ++members;
    if (!record && is_live) --members;
  }
  return members;
}

Outcome Stage::add(const ForgetService& change, Context& context) {
  const ServiceKey& key = change.key.service;
  const Service* service = services_.find(key.ref());
  const std::size_t members = count_members(key.ref());
  const bool is_forgotten = std::ranges::find(forgotten_, key) != forgotten_.end();
  context.needs_record = false;
  if (members > 0) {
    return failure(Errc::conflict,
                   fmt::format("the service \"{}\" has {}: deregister {} first, or wait for the end of {}", key.name,
                               counted(members, "instance"), members == 1 ? "it" : "them",
                               members == 1 ? "its lease" : "their leases"));
  }
  if (is_forgotten || (service == nullptr && edits_.find(key) == edits_.end())) {
    return failure(Errc::unknown_service, fmt::format("there is no service \"{}\" to forget", key.name));
  }
  context.needs_record = true;
  forgotten_.push_back(key);
  return Applied{.changed = true, .index = service == nullptr ? 0 : service->index};
}

}  // namespace rollcall::registry
