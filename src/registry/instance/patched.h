// Fields of an instance that were changed beside its registration, and what the registration says of them.
//
// An instance shows the patched values. What its client has registered stands in Registration::attributes, which clients of
// the native API cannot set, so database and cluster keep it, also where an older version reads it:
//
//   {"registered":{"weight":1,"priority":1,"tags":["blue"],"meta":{"version":"2"}}}    only what differs is there
//
// A heartbeat with a body is compared with the last registration: a patched field stays until the registration changes it.
//
// Shape    functions of values. Only for Door::native: for other doors nothing is ever patched.
// Threads  any; pure.
// Source   interface.md §4; docs/http.md "Change a field".
#pragma once

#include <string_view>

#include "base/result.h"
#include "registry/instance/change.h"
#include "registry/instance/instance.h"

namespace rollcall::registry {

// Whether attributes of a native instance say what was patched.
[[nodiscard]] bool has_patch(std::string_view attributes) noexcept;

// Of such attributes: the object of what the registration says, `{"weight":1}`. It borrows from them.
[[nodiscard]] std::string_view registered_part(std::string_view attributes) noexcept;

// The instance as its client has registered it.
[[nodiscard]] Registration last_registered(Registration present);

// The instance as it will be when its client registers `asked`, `present` being on the roll.
[[nodiscard]] Registration registered_over(const Registration& present, Registration asked);

// The instance as it will be. Errc::conflict: it is not the native API's to patch; Errc::invalid: the result breaks a rule of a
// registration. `zone_apex_bytes` as for `normalise`.
[[nodiscard]] Result<Registration> patched(const Registration& present, const Patch& patch,
                                           std::size_t zone_apex_bytes);

}  // namespace rollcall::registry
