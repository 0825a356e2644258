#include "dns/zone_token.h"

#include <charconv>
#include <chrono>
#include <limits>
#include <string>

#include "dns/presentation.h"

namespace rollcall::dns {
namespace {

// Whether the token ends with an unescaped dot: an even number of backslashes precedes it.
bool ends_with_dot(std::string_view token) {
  if (token.empty() || token.back() != '.') return false;
  token.remove_suffix(1);
  std::size_t backslashes = 0;
  while (backslashes < token.size() && token[token.size() - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 0;
}

bool has_quote(std::string_view token) {
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '"') return true;
    if (token[i] == '\\') ++i;
  }
  return false;
}

// The number of seconds in a unit of time; empty: not a unit.
std::optional<std::uint64_t> seconds_of(char unit) {
  switch (fold(static_cast<std::uint8_t>(unit))) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 60 * 60;
    case 'd': return 24 * 60 * 60;
    case 'w': return 7 * 24 * 60 * 60;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Name> parse_relative_name(std::string_view token, const Name& origin) {
  if (token == "@") return origin;
  if (token.empty() || has_quote(token)) return std::nullopt;
  if (ends_with_dot(token)) return Name::parse(token);
  std::string whole(token);
  whole += '.';
  if (!origin.is_root()) whole += origin.text();
  return Name::parse(whole);
}

std::optional<std::uint32_t> parse_period(std::string_view token) {
  constexpr std::uint64_t k_seconds_max = std::numeric_limits<std::uint32_t>::max();
  if (token.empty()) return std::nullopt;
  std::uint64_t total = 0;
  bool has_units = false;
  while (!token.empty()) {
    std::uint32_t number = 0;
    const auto [end, status] = std::from_chars(token.data(), token.data() + token.size(), number);
    if (status != std::errc{}) return std::nullopt;
    token.remove_prefix(static_cast<std::size_t>(end - token.data()));
    std::uint64_t unit = 1;
    if (!token.empty()) {
      const auto named = seconds_of(token.front());
      if (!named) return std::nullopt;
      unit = *named;
      token.remove_prefix(1);
    } else if (has_units) {
      return std::nullopt;  // "1h30" is ambiguous: minutes or seconds
    }
    has_units = true;
    total += number * unit;
    if (total > k_seconds_max) return std::nullopt;
  }
  return static_cast<std::uint32_t>(total);
}

std::optional<std::uint32_t> parse_time(std::string_view token) {
  constexpr std::uint64_t k_seconds_max = std::numeric_limits<std::uint32_t>::max();
  constexpr std::size_t k_date_digits = 14;
  const auto part = [&](std::size_t at, std::size_t digits) {
    return static_cast<unsigned>(*read_number(token.substr(at, digits), k_seconds_max));
  };
  const std::optional<std::uint64_t> number = read_number(token, std::numeric_limits<std::int64_t>::max());
  if (!number) return std::nullopt;
  if (token.size() != k_date_digits) {
    return *number <= k_seconds_max ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
  }
  using namespace std::chrono;
  const year_month_day date{year(static_cast<int>(part(0, 4))), month(part(4, 2)), day(part(6, 2))};
  if (!date.ok() || part(8, 2) > 23 || part(10, 2) > 59 || part(12, 2) > 59) return std::nullopt;
  const auto time = sys_days(date) + hours(part(8, 2)) + minutes(part(10, 2)) + seconds(part(12, 2));
  const auto since = duration_cast<seconds>(time.time_since_epoch()).count();
  if (since < 0 || static_cast<std::uint64_t>(since) > k_seconds_max) return std::nullopt;
  return static_cast<std::uint32_t>(since);
}

}  // namespace rollcall::dns
