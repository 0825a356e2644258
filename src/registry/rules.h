// Rules that depend on zones and other instances. They apply to HTTP registrations, to rows edited in the database, to
// rows read at start-up, and to all instances when zones are reloaded.
//
// Failure  Errc::conflict (Errc::invalid where nothing but the name's length is wrong), with the field and one sentence
//          that names what is in the way and says what to change.
// Threads  the writer's; under a ReadLock where the uses read the roll.
// Source   interface.md §3; docs/zones.md.
#pragma once

#include <optional>

#include "base/result.h"
#include "registry/instance/instance.h"
#include "registry/instance/labels.h"
#include "registry/ports/ports.h"

namespace rollcall::registry {

// Whether a service may be on the roll at all, whoever its instances are: its own names are free, and fit in its zone.
[[nodiscard]] std::optional<Error> refuse_service(const ServiceRef& service, const ZoneDirectory& zones);

// Whether the names that an instance adds below its service's are free in the zones: those of its label and its tags.
[[nodiscard]] std::optional<Error> refuse_names(const InstanceRef& key, const std::vector<std::string>& tags,
                                                const ZoneDirectory& zones);

// Whether they are free within the service. The instance itself, should it be on the roll already, is not in its own way.
[[nodiscard]] std::optional<Error> refuse_labels(const InstanceRef& key, const std::vector<std::string>& tags,
                                                 const LabelUses& uses);

}  // namespace rollcall::registry
