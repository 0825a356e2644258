#include "cluster/roll/value_fields.h"

#include <charconv>
#include <fmt/format.h>

#include "base/printable.h"
#include "cluster/roll/values.h"
#include "json/values.h"
#include "registry/instance/wall_time.h"

namespace rollcall::cluster {

Result<registry::WallTime> parse_time(const boost::json::value& value, std::string_view field) {
  const Result<std::string_view> text = json::parse_text(value, field);
  if (!text) return std::unexpected(text.error());
  if (const auto time = registry::parse_wall_time(*text)) return *time;
  return json::invalid(fmt::format("{} must be a time like \"2026-01-31T09:30:00Z\"", field), field);
}

Result<std::string> parse_bounded(const boost::json::value& value, std::string_view field, std::size_t bytes_max) {
  const Result<std::string_view> text = json::parse_text(value, field);
  if (!text) return std::unexpected(text.error());
  if (text->size() <= bytes_max) return std::string(*text);
  return json::invalid(fmt::format("{} must be at most {} octets", field, bytes_max), field);
}

Result<bool> parse_truth(const boost::json::value& value, std::string_view field) {
  if (const bool* truth = value.if_bool()) return *truth;
  return json::invalid(fmt::format("{} must be true or false", field), field);
}

Result<std::uint64_t> parse_count(const boost::json::value& value, std::string_view field, std::uint64_t max) {
  std::optional<std::uint64_t> number;
  if (const std::int64_t* plain = value.if_int64(); plain != nullptr && *plain >= 0) {
    number = static_cast<std::uint64_t>(*plain);
  } else if (const std::uint64_t* large = value.if_uint64()) {
    number = *large;
  } else if (const boost::json::string* text = value.if_string()) {
    std::uint64_t parsed = 0;
    const char* const end = text->data() + text->size();
    const auto [at, failed] = std::from_chars(text->data(), end, parsed);
    if (failed == std::errc{} && at == end) number = parsed;
  }
  if (number && *number <= max) return *number;
  return json::invalid(fmt::format("{} must be an integer from 0 to {}", field, max), field);
}

std::string as_utf8(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    clean += length == 0 ? std::string_view("?") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

const boost::json::value* ValueFields::find(std::string_view name) const {
  if (error_) return nullptr;
  const boost::json::value* value = object_.if_contains(boost::json::string_view(name.data(), name.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

ValueFields& ValueFields::read(std::string_view name, std::string& into) {
  return read_with(name, into, [&](const auto& value) { return parse_bounded(value, name, k_value_text_bytes_max); });
}
ValueFields& ValueFields::read(std::string_view name, bool& into) {
  return read_with(name, into, [&](const auto& value) { return parse_truth(value, name); });
}
ValueFields& ValueFields::read(std::string_view name, std::uint64_t& into, std::uint64_t max) {
  return read_with(name, into, [&](const auto& value) { return parse_count(value, name, max); });
}
ValueFields& ValueFields::read(std::string_view name, registry::WallTime& into) {
  return read_with(name, into, [&](const auto& value) { return parse_time(value, name); });
}

ValueFields& ValueFields::read(std::string_view name, std::vector<std::string>& into, std::size_t max) {
  return read_with(name, into, [&](const boost::json::value& value) -> Result<std::vector<std::string>> {
    std::vector<std::string> texts;
    const auto parse = [](const boost::json::value& element, const std::string& field) {
      return parse_bounded(element, field, k_value_text_bytes_max);
    };
    const Result<void> read = json::read_list(value, name, "strings", max, texts, parse);
    if (!read) return std::unexpected(read.error());
    return texts;
  });
}

ValueFields& ValueFields::require(std::string_view name) {
  if (!error_ && find(name) == nullptr) {
    error_ = Error{Errc::invalid, fmt::format("{} is required", name), std::string(name)};
  }
  return *this;
}

}  // namespace rollcall::cluster
