// What a prepared query asks for, as JSON: read from a client's body and from the database, and written for both.
//
//   {"Name": "q", "Service": {"Service": "web", "Tags": ["v1", "!old"], "OnlyPassing": true,
//                             "Failover": {"NearestN": 0, "Datacenters": ["dc2"]}}, "DNS": {"TTL": "10s"}}
//
// Failure  Errc::malformed, Errc::invalid: a sentence says what is wrong, or what is not supported (templates).
// Source   Consul's documentation of /v1/query.
#pragma once

#include <string_view>

#include "base/result.h"
#include "kv/values.h"

namespace rollcall::kv {

// Without id and indexes; `definition` is the same in one form, with every member.
[[nodiscard]] Result<Query> parse_definition(std::string_view json);

}  // namespace rollcall::kv
