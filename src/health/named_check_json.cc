#include "health/named_check_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <utility>

#include "base/limits.h"
#include "health/json_values.h"

namespace rollcall::health::named {
namespace {

namespace json = boost::json;

Result<std::uint16_t> parse_count(const json::value& value, std::string_view field) {
  const std::int64_t* number = value.if_int64();
  if (number != nullptr && *number >= 1 && *number <= UINT16_MAX) return static_cast<std::uint16_t>(*number);
  return invalid(fmt::format("{} must be an integer from 1 to 65535", field), field);
}

template <class T>
Result<void> keep(Result<T> value, T& place) {
  if (!value) return std::unexpected(std::move(value.error()));
  place = std::move(*value);
  return {};
}

Result<void> read_bool(const json::value& value, std::string_view field, bool& into) {
  if (!value.is_bool()) return invalid(fmt::format("{} must be true or false", field), field);
  into = value.get_bool();
  return {};
}
}  // namespace

Result<void> read_id(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_text(value, field, limits::k_door_id_bytes_max), check.id);
}
Result<void> read_pass_after(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_count(value, field), check.pass_after);
}
Result<void> read_warn_after(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_count(value, field), check.warn_after);
}
Result<void> read_critical_after(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_count(value, field), check.critical_after);
}
Result<void> read_verb(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_visible(value, field), check.method);
}
Result<void> read_sent_body(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_text(value, field, limits::k_door_texts_bytes_max), check.body);
}
Result<void> read_header(const json::value& value, std::string_view field, Check& check) {
  const json::array* list = value.if_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const json::array* pair = (*list)[i].if_array();
    if (pair == nullptr || pair->size() != 2) return invalid(fmt::format("{} must be a list of pairs", field), field);
    Result<std::string> name = parse_visible((*pair)[0], field);
    Result<std::string> text = parse_text((*pair)[1], field, limits::k_door_texts_bytes_max);
    if (!name || !text) return std::unexpected(name ? text.error() : name.error());
    check.header.emplace_back(std::move(*name), std::move(*text));
  }
  return {};
}
Result<void> read_tls(const json::value& value, std::string_view field, Check& check) {
  return read_bool(value, field, check.uses_tls);
}
Result<void> read_skips(const json::value& value, std::string_view field, Check& check) {
  return read_bool(value, field, check.skips_tls_verify);
}
Result<void> read_tls_name(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_visible(value, field), check.tls_name);
}
Result<void> read_target(const json::value& value, std::string_view field, Check& check) {
  return keep(parse_text(value, field, limits::k_door_id_bytes_max), check.target);
}

// What only checks with a result of their own have.
void put(const Check& check, std::string& out) {
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format(R"(,"{}":{})", name, json::serialize(json::string(value)));
  };
  add("id", check.id);
  out += fmt::format(R"(,"pass_after":{},"warn_after":{},"critical_after":{})", check.pass_after, check.warn_after,
                     check.critical_after);
  add("verb", check.method);
  add("body", check.body);
  json::array header;
  for (const auto& [name, value] : check.header) header.emplace_back(json::array{name, value});
  if (!header.empty()) out.append(R"(,"header":)").append(json::serialize(header));
  put_tls(check, out);
  add("target", check.target);
}

void put_tls(const Check& check, std::string& out) {
  if (check.uses_tls) out += R"(,"tls":true)";
  if (check.skips_tls_verify) out += R"(,"tls_skip_verify":true)";
  if (!check.tls_name.empty()) out.append(R"(,"tls_name":)").append(json::serialize(json::string(check.tls_name)));
}

}  // namespace rollcall::health::named
