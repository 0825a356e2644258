// One health check as JSON.
//
// Shape    an object whose members depend on its `type`; the texts "tcp" and "http:/path" for a probe.
// Failure  Errc::invalid with the field's path.
// Source   docs/checks.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "health/plan.h"

namespace boost::json {
class value;
}

namespace rollcall::health {

// As it is read back; a probe has no interval, rise and fall. What is stored may have what other APIs than the native one ask
// for.
enum class CheckRole : std::uint8_t { check, probe, stored };

// `path` is what the check is called: "checks[2]", "probe".
[[nodiscard]] Result<Check> parse_check(const boost::json::value& value, std::string_view path,
                                        CheckRole role = CheckRole::check);
[[nodiscard]] Result<Check> parse_probe(const boost::json::value& value);

// How many results in a row: 1 to k_check_streak_max.
[[nodiscard]] Result<std::uint16_t> parse_streak(const boost::json::value& value, std::string_view field);

// The names of the fields that a check of this type may have.
[[nodiscard]] std::vector<std::string_view> check_fields(CheckType type, CheckRole role);

[[nodiscard]] std::string write_check(const Check& check, CheckRole role);

// "A", "AAAA", "SRV" …, else "TYPE65280" (RFC 3597 §5).
[[nodiscard]] std::string qtype_text(std::uint16_t qtype);

}  // namespace rollcall::health
