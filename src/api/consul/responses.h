// Responses as Consul's clients expect them, and what every call of this door reads first.
//
// Shape    values.
// Threads  any.
// Source   docs/consul.md.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "api/door.h"

namespace rollcall::api::consul {

// An error: one bare sentence.
[[nodiscard]] Response text(unsigned status, std::string sentence);

// A change that was made: 200 with nothing; and as JSON, for catalog and KV: `true` or `false`.
[[nodiscard]] Response done();
[[nodiscard]] Response truth(bool is_so);

// JSON; `pretty` indents it.
[[nodiscard]] Response json(std::string body, bool pretty = false);
[[nodiscard]] inline bool is_pretty(const Call& call) { return call.query.has("pretty"); }

// Why something cannot be done. A sentence of the registry's stays as it is; 403 is "Permission denied: " and the sentence.
[[nodiscard]] Response refused(const Error& error);
[[nodiscard]] Response refused(Refusal refusal);

// The zone of `?dc=`: the first where there is none. 500 for a datacenter that is not here.
[[nodiscard]] std::expected<registry::ZoneId, Response> zone_of(const Call& call);

// 400 for `?stale` beside `?consistent`, which no read takes.
[[nodiscard]] std::expected<void, Response> check_consistency(const Call& call);

// What the path has for the star, decoded.
[[nodiscard]] std::string rest_of(const Call& call);

// Sent by a browser: it may come from any page. For calls whose GET changes something.
[[nodiscard]] bool is_from_browser(const Request& request);

}  // namespace rollcall::api::consul
