#include "dns/zone_token.h"

#include <charconv>
#include <limits>
#include <string>

#include "dns/zone_text.h"

namespace rollcall::dns {
namespace {

// A dot that is not escaped: an even number of backslashes stands before it.
bool ends_with_dot(std::string_view token) {
  if (token.empty() || token.back() != '.') return false;
  token.remove_suffix(1);
  std::size_t backslashes = 0;
  while (backslashes < token.size() && token[token.size() - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 0;
}

// Empty: no unit of time.
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
  const std::string_view text = unquoted(token);
  if (text.empty()) return std::nullopt;
  if (ends_with_dot(text)) return Name::parse(text);
  std::string whole(text);
  whole += '.';
  if (!origin.is_root()) whole += origin.text();
  return Name::parse(whole);
}

std::optional<std::uint32_t> parse_period(std::string_view token) {
  constexpr std::uint64_t k_seconds_max = std::numeric_limits<std::uint32_t>::max();
  if (token.empty()) return std::nullopt;
  std::uint64_t total = 0;
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
    }
    total += number * unit;
    if (total > k_seconds_max) return std::nullopt;
  }
  return static_cast<std::uint32_t>(total);
}

}  // namespace rollcall::dns
