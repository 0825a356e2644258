// What ldns lets pass and should not: numbers that wrap around, half octets, unknown types in bitmaps, SvcParams out of
// order. And names, made absolute before ldns sees them.
//
// Failure  Errc::invalid with one sentence.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/name.h"
#include "dns/types.h"

namespace rollcall::dns {

// The tokens as one line for ldns: every name absolute, every number within its field.
[[nodiscard]] Result<std::string> check_fields(Type type, std::span<const std::string_view> tokens, const Name& origin);

// Puts the SvcParams of a SVCB or HTTPS record in the order of their keys; refuses a key that comes twice (RFC 9460
// §2.2).
[[nodiscard]] Result<void> order_svc_params(std::string& rdata);

}  // namespace rollcall::dns
