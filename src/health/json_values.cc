#include "health/json_values.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>

#include "base/ip_address.h"
#include "base/limits.h"
#include "dns/name.h"

namespace rollcall::health {

namespace json = boost::json;

std::optional<std::int64_t> find_integer(const json::value& value) {
  constexpr double k_exact_max = 9'007'199'254'740'992.0;  // 2^53
  if (const std::int64_t* number = value.if_int64()) return *number;
  const double* number = value.if_double();
  if (number == nullptr || std::trunc(*number) != *number || std::abs(*number) > k_exact_max) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

Result<std::string> parse_text(const json::value& value, std::string_view field, std::size_t max) {
  const json::string* text = value.if_string();
  if (text == nullptr) return invalid(fmt::format("{} must be a string", field), field);
  if (text->size() > max) return invalid(fmt::format("{} must be at most {} octets", field, max), field);
  return std::string(text->data(), text->size());
}

Result<std::string> parse_visible(const json::value& value, std::string_view field) {
  Result<std::string> text = parse_text(value, field, limits::k_check_text_max);
  if (text && !std::ranges::all_of(*text, [](char c) { return c > ' ' && c < 0x7f; })) {
    return invalid(fmt::format("{} must be visible ASCII; write other octets as %XX", field), field);
  }
  return text;
}

bool is_host(std::string_view text) {
  if (IpAddress::parse(text)) return true;
  const bool has_host_characters = std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_';
  });
  const std::optional<dns::Name> name = has_host_characters ? dns::Name::parse(text) : std::nullopt;
  return name && !name->is_root();
}

}  // namespace rollcall::health
