#include "base/duration.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace rollcall {
namespace {

struct Unit {
  std::string_view suffix;
  std::int64_t ms;
};

// Largest first: also the order in which units may follow each other in a text.
constexpr std::array<Unit, 5> k_units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::int64_t k_duration_ms_max = 10'000 * k_units[0].ms;

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total_ms = 0;
  std::size_t first_allowed = 0;  // units come once each, in falling order
  while (!text.empty()) {
    std::int64_t count = 0;
    if (text.front() < '0' || text.front() > '9') return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    std::size_t unit = first_allowed;
    while (unit < k_units.size() && k_units[unit].suffix != text.substr(0, letters)) ++unit;
    if (unit == k_units.size()) return std::nullopt;
    if (count > (k_duration_ms_max - total_ms) / k_units[unit].ms) return std::nullopt;
    total_ms += count * k_units[unit].ms;
    first_allowed = unit + 1;
    text.remove_prefix(letters);
  }
  return std::chrono::milliseconds(total_ms);
}

std::string format_duration(std::chrono::milliseconds duration) {
  std::int64_t left = duration.count();
  if (left <= 0) return "0s";
  std::string text;
  for (const Unit& unit : k_units) {
    if (const std::int64_t count = left / unit.ms; count > 0) {
      text += std::to_string(count);
      text += unit.suffix;
      left -= count * unit.ms;
    }
  }
  return text;
}

}  // namespace rollcall
