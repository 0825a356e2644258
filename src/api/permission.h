// What a caller that was let in may see and change: the grant behind a token covers some zones and services only.
//
// Shape    every handler that shows or changes a service asks once it knows which one.
// Threads  as the call.
// Failure  Errc::forbidden, with a sentence that names who asked. A change that is refused is written to the audit.
// Source   docs/security.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/door.h"

namespace rollcall::api {

// Whether the grant covers a whole zone, or one service.
[[nodiscard]] Result<void> permit(const Call& call, registry::ZoneId zone);
[[nodiscard]] Result<void> permit(const Call& call, const registry::ServiceRef& service);

// For a registration without a lease, which nothing ends by itself. Whoever repeats one that is on the roll asks for nothing.
[[nodiscard]] Result<void> permit_lease(const Call& call, const registry::Registration& asked);

// For calls that show a range without looking at each service: every zone where none is named, every service where none is.
[[nodiscard]] Result<void> permit_range(const Call& call, std::optional<registry::ZoneId> zone,
                                        std::optional<std::string_view> service);

// For rules of a door's own.
[[nodiscard]] std::unexpected<Error> forbid(const Call& call, std::string sentence);

// "read" or "write": what the call's route does, for a sentence.
[[nodiscard]] std::string_view verb_of(const Call& call);

}  // namespace rollcall::api
