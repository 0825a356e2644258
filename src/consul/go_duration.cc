#include "consul/go_duration.h"

#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <utility>

namespace rollcall::consul {
namespace {

constexpr double k_longest = 9.2e18;  // nanoseconds; below what an int64 holds

// The longer names first: "ms" is not "m".
constexpr std::pair<std::string_view, double> k_units[] = {{"ns", 1.0},        {"us", 1e3},  {"\xc2\xb5s", 1e3},
                                                           {"\xce\xbcs", 1e3}, {"ms", 1e6},  {"s", 1e9},
                                                           {"m", 60e9},        {"h", 3600e9}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "1.5" at the front, taken off.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  double place = 0;  // of the next digit after the point; 0 before it
  bool has_digits = false;
  while (!text.empty() && (is_digit(text.front()) || (text.front() == '.' && place == 0))) {
    if (text.front() == '.') {
      place = 0.1;
    } else if (has_digits = true; place > 0) {
      number += place * (text.front() - '0');
      place /= 10;
    } else {
      number = number * 10 + (text.front() - '0');
    }
    text.remove_prefix(1);
  }
  return has_digits ? std::optional(number) : std::nullopt;
}

std::optional<double> take_unit(std::string_view& text) {
  for (const auto& [name, size] : k_units) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return size;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    const std::optional<double> number = take_number(text);
    const std::optional<double> unit = number ? take_unit(text) : std::nullopt;
    if (!unit) return std::nullopt;
    sum += *number * *unit;
    if (sum > k_longest) return std::nullopt;
  }
  const auto whole = static_cast<std::int64_t>(std::llround(sum));
  return std::chrono::nanoseconds(is_negative ? -whole : whole);
}

std::string format_go_duration(std::chrono::milliseconds duration) {
  std::int64_t left = duration.count();
  if (left < 0) return "-" + format_go_duration(-duration);
  if (left == 0) return "0s";
  if (left < 1000) return fmt::format("{}ms", left);
  std::string text;
  if (left >= 3'600'000) text += fmt::format("{}h", left / 3'600'000);
  if (left >= 60'000) text += fmt::format("{}m", left / 60'000 % 60);
  left %= 60'000;
  if (left % 1000 == 0) return text += fmt::format("{}s", left / 1000);
  std::string fraction = fmt::format("{:03}", left % 1000);
  while (fraction.ends_with('0')) fraction.pop_back();
  return text += fmt::format("{}.{}s", left / 1000, fraction);
}

}  // namespace rollcall::consul
