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

// Services and instances of other doors than the native one (Door::consul, Door::eureka) are never refused for a name that is
// taken: answer/ gives them another label. Their service's name has to fit in the zone all the same.

// Whether a service may be on the roll at all: its own names are free, and fit in its zone. `door`: of who asks.
[[nodiscard]] std::optional<Error> refuse_service(const ServiceRef& service, const ZoneDirectory& zones,
                                                  Door door = Door::native);

// Whether `_S` would be a label of DNS-SD's own (RFC 6763 §7.1, §9): `_dns-sd._udp.Z`.
[[nodiscard]] bool is_dns_sd_label(std::string_view name) noexcept;

// Whether the names that an instance adds below its service's are free in the zones: those of its label and its tags.
[[nodiscard]] std::optional<Error> refuse_names(const InstanceRef& key, const std::vector<std::string>& tags,
                                                const ZoneDirectory& zones);

// Whether they are free within the service. The instance itself, should it be on the roll already, is not in its own way.
[[nodiscard]] std::optional<Error> refuse_labels(const InstanceRef& key, const std::vector<std::string>& tags,
                                                 const LabelUses& uses);

}  // namespace rollcall::registry
