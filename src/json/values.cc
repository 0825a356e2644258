#include "json/values.h"

#include <cmath>
#include <limits>

#include "base/duration.h"

namespace rollcall::json {
namespace {

constexpr double k_exact_max = 9'007'199'254'740'992.0;    // 2^53: each integer up to here is a double
constexpr std::int64_t k_seconds_max = 10'000LL * 86'400;  // as rollcall::parse_duration; far beyond any lease

}  // namespace

std::unexpected<Error> invalid(std::string sentence, std::string_view field) {
  return failure(Errc::invalid, std::move(sentence), std::string(field));
}

std::optional<std::int64_t> find_integer(const boost::json::value& value) {
  if (const std::int64_t* number = value.if_int64()) return *number;
  const double* number = value.if_double();
  if (number == nullptr || std::trunc(*number) != *number || std::abs(*number) > k_exact_max) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

Result<std::string_view> parse_text(const boost::json::value& value, std::string_view field) {
  if (const boost::json::string* text = value.if_string()) return std::string_view(text->data(), text->size());
  return invalid(fmt::format("{} must be a string", field), field);
}

Result<std::uint16_t> parse_u16(const boost::json::value& value, std::string_view field, std::uint16_t min) {
  constexpr std::int64_t k_max = std::numeric_limits<std::uint16_t>::max();
  const std::optional<std::int64_t> number = find_integer(value);
  if (number && *number >= min && *number <= k_max) return static_cast<std::uint16_t>(*number);
  return invalid(fmt::format("{} must be an integer from {} to {}", field, min, k_max), field);
}

Result<std::chrono::milliseconds> parse_duration(const boost::json::value& value, std::string_view field) {
  if (const std::optional<std::int64_t> seconds = find_integer(value); seconds && *seconds >= 0) {
    if (*seconds <= k_seconds_max) return std::chrono::seconds(*seconds);
  } else if (const boost::json::string* text = value.if_string()) {
    if (const auto duration = rollcall::parse_duration({text->data(), text->size()})) return *duration;
  }
  return invalid(fmt::format("{} must be a duration: an integer of seconds, or a string like \"500ms\", \"15s\" or "
                             "\"1m30s\"",
                             field),
                 field);
}

}  // namespace rollcall::json
