// An instance's fields as text, for the history: as it was before a change.
//
// Shape    a JSON object: addresses, port, protocol, priority, weight, tags, meta, ttl_ms, status, status_since_ms,
//          registered_at_ms; where they are not as the native API has them, lease, host, door, attributes; checks, where there are
//          any: id, status, since_ms, output. At most k_event_before_bytes_max octets: what is longer is told without meta,
//          attributes and outputs, with "cut":true; if that is too long as well, without anything but status and times.
// Source   docs/database.md, `event.before`.
#pragma once

#include <string>

#include "registry/instance/instance.h"

namespace rollcall::registry {

[[nodiscard]] std::string write_image(const Instance& instance);
[[nodiscard]] std::string write_image(const Registration& registration, const Standing& standing,
                                      WallTime registered_at);

}  // namespace rollcall::registry
