// Parsers for single tokens of a zone file: relative names and times.
//
// Source   RFC 1035 §5.1; times in words as BIND, Knot and NSD read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dns/name.h"

namespace rollcall::dns {

// `@`, a name relative to `origin`, or an absolute name with a final dot. Empty: invalid. A quote in a name must be
// escaped; quoted names are refused, because BIND and Knot interpret them differently.
[[nodiscard]] std::optional<Name> parse_relative_name(std::string_view token, const Name& origin);

// Seconds, optionally with units: "3600", "1h30m", "1W". Empty: invalid, or more than 32 bits of seconds.
[[nodiscard]] std::optional<std::uint32_t> parse_period(std::string_view token);

// YYYYMMDDHHMMSS, or seconds since 1970 (RFC 4034 §3.2). Empty: invalid, or after 2106-02-07, the end of 32 bits.
[[nodiscard]] std::optional<std::uint32_t> parse_time(std::string_view token);

}  // namespace rollcall::dns
