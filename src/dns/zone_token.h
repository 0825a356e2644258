// Single tokens of a zone file that are not RDATA: names with their origin, and times.
//
// Source   RFC 1035 §5.1; times in words as BIND, Knot and NSD read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dns/name.h"

namespace rollcall::dns {

// `@`, a name relative to `origin`, or an absolute one with its final dot. Empty: no name. A quote in a name is escaped:
// what quotes around it mean, BIND and Knot do not agree about.
[[nodiscard]] std::optional<Name> parse_relative_name(std::string_view token, const Name& origin);

// Seconds, also in words: "3600", "1h30m", "1W". Empty: neither, or more than 32 bits of seconds.
[[nodiscard]] std::optional<std::uint32_t> parse_period(std::string_view token);

// YYYYMMDDHHMMSS, or seconds since 1970 (RFC 4034 §3.2). Empty: neither, or after 2106-02-07, where 32 bits end.
[[nodiscard]] std::optional<std::uint32_t> parse_time(std::string_view token);

}  // namespace rollcall::dns
