#include "store/row_text.h"

#include <algorithm>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include "base/json_text.h"
#include "base/limits.h"
#include "registry/instance/registration.h"

namespace rollcall::store {
namespace {

template <class Range, class Append>
void write_list(const Range& range, char open, char close, std::string& out, Append append) {
  out.assign(1, open);
  for (bool is_first = true; const auto& item : range) {
    if (!is_first) out += ',';
    is_first = false;
    append(item);
  }
  out += close;
}

std::unexpected<Error> no_list(std::string_view column) {
  return failure(Errc::invalid, fmt::format("{} must be a JSON array of strings", column), std::string(column));
}

// Fast path for an array of strings in our own format, without escapes or spaces: `["a","b"]`. Calls take(text) for
// each string. False: another format; use the JSON parser.
bool split_plain(std::string_view text, auto&& take) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
  std::string_view rest = text.substr(1, text.size() - 2);
  const auto is_plain = [](char c) { return c != '\\' && static_cast<unsigned char>(c) >= 0x20; };
  if (!std::ranges::all_of(rest, is_plain)) return false;
  while (!rest.empty()) {
    if (rest.front() != '"') return false;
    const std::size_t end = rest.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (!take(rest.substr(1, end - 1))) return true;
    rest.remove_prefix(end + 1);
    if (rest.empty()) return true;
    if (rest.front() != ',' || rest.size() == 1) return false;
    rest.remove_prefix(1);
  }
  return true;
}

// Parses a JSON array of strings; calls `parse` for each string.
template <class T>
Result<std::vector<T>> parse_list(std::string_view text, std::string_view column,
                                  Result<T> (*parse)(std::string_view, std::string_view)) {
  std::vector<T> items;
  std::optional<Error> refused;
  const bool is_split = split_plain(text, [&](std::string_view item_text) {
    Result<T> item = parse(item_text, column);
    if (!item) {
      refused = std::move(item.error());
      return false;
    }
    items.push_back(std::move(*item));
    return true;
  });
  if (is_split && refused) return std::unexpected(std::move(*refused));
  if (is_split) return items;
  items.clear();
  boost::json::error_code broken;
  const boost::json::value value = boost::json::parse(text, broken);
  if (broken || !value.is_array()) return no_list(column);
  for (const boost::json::value& element : value.get_array()) {
    if (!element.is_string()) return no_list(column);
    Result<T> item = parse(element.get_string(), column);
    if (!item) return std::unexpected(std::move(item.error()));
    items.push_back(std::move(*item));
  }
  return items;
}

}  // namespace

void write_addresses(std::span<const IpAddress> addresses, std::string& out) {
  write_list(addresses, '[', ']', out, [&](const IpAddress& address) { append_json_string(address.text(), out); });
}

void write_tags(std::span<const std::string> tags, std::string& out) {
  write_list(tags, '[', ']', out, [&](const std::string& tag) { append_json_string(tag, out); });
}

void write_results(const health::CheckResults& results, std::string& out) {
  out.assign(1, '[');
  for (const health::CheckResult& result : results) {
    if (result.id == health::k_plan_check) continue;
    out.append(out.size() > 1 ? "," : "").append("{\"id\":");
    append_json_string(result.id, out);
    out += ",\"name\":";
    append_json_string(result.name, out);
    out.append(R"(,"kind":")").append(to_text(result.kind)).append(R"(","status":")").append(to_text(result.status));
    out.append(R"(","since_ms":)").append(std::to_string(result.since.time_since_epoch().count()));
    out.append(R"(,"ends_after_ms":)").append(std::to_string(result.ends_after.count())).append(",\"output\":");
    append_json_string(result.output, out);
    out += '}';
  }
  out += ']';
}

void write_meta(const Meta& meta, std::string& out) {
  write_list(meta, '{', '}', out, [&](const auto& pair) {
    append_json_string(pair.first, out);
    out += ':';
    append_json_string(pair.second, out);
  });
}

Result<std::vector<IpAddress>> parse_addresses(std::string_view text) {
  return parse_list(text, "addresses", &registry::parse_instance_address);
}

Result<std::vector<std::string>> parse_tags(std::string_view text) {
  return parse_list(text, "tags", &registry::parse_label);
}

namespace {

Result<std::string> parse_any(std::string_view text, std::string_view /*column*/) { return std::string(text); }

// The string member `name` of an object; empty if it is absent or not a string.
std::string text_in(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value == nullptr || !value->is_string() ? std::string() : std::string(value->get_string());
}

std::chrono::milliseconds milliseconds_in(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  const std::int64_t count = value == nullptr || !value->is_int64() ? 0 : value->get_int64();
  return std::chrono::milliseconds(std::clamp<std::int64_t>(count, 0, limits::k_stored_time_max.count()));
}

std::optional<health::CheckResult> read_result(const boost::json::value& value) {
  const boost::json::object* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  const auto kind = health::parse_check_kind(text_in(*object, "kind"));
  const auto status = health::parse_check_status(text_in(*object, "status"));
  health::CheckResult result{.id = text_in(*object, "id"),
                             .name = text_in(*object, "name"),
                             .kind = kind.value_or(health::CheckKind::told),
                             .status = status.value_or(health::CheckStatus::passing),
                             .since = WallTime(milliseconds_in(*object, "since_ms")),
                             .output = text_in(*object, "output"),
                             .ends_after = milliseconds_in(*object, "ends_after_ms")};
  const bool is_bounded = !result.id.empty() && result.id.size() <= limits::k_door_id_bytes_max &&
                          result.name.size() <= limits::k_door_id_bytes_max &&
                          result.output.size() <= limits::k_result_output_bytes_max;
  if (!status || !is_bounded || result.id == health::k_plan_check) return std::nullopt;
  return result;
}

}  // namespace

Result<std::vector<std::string>> parse_free_tags(std::string_view text) { return parse_list(text, "tags", &parse_any); }

Result<std::string> parse_attributes(std::string_view text) {
  if (text == "{}") return std::string();
  boost::json::error_code broken;
  const boost::json::value value = boost::json::parse(text, broken);
  if (!broken && value.is_object()) return std::string(text);
  return failure(Errc::invalid, "attributes must be a JSON object", "attributes");
}

Result<health::CheckResults> parse_results(std::string_view text) {
  health::CheckResults results;
  if (text == "[]") return results;
  const auto refuse = [] {
    return failure(Errc::invalid,
                   fmt::format("results must be a JSON array of at most {} objects, each with an id of its own and a "
                               "status: passing, warning or critical",
                               limits::k_named_checks_max),
                   "results");
  };
  boost::json::error_code broken;
  const boost::json::value value = boost::json::parse(text, broken);
  if (broken || !value.is_array() || value.get_array().size() > limits::k_named_checks_max) return refuse();
  for (const boost::json::value& element : value.get_array()) {
    std::optional<health::CheckResult> result = read_result(element);
    if (!result || health::find_result(results, result->id) != nullptr) return refuse();
    results.push_back(std::move(*result));
  }
  return results;
}

Result<Meta> parse_meta(std::string_view text) {
  if (text == "{}") return Meta();
  boost::json::error_code broken;
  const boost::json::value value = boost::json::parse(text, broken);
  const auto refuse = [] { return failure(Errc::invalid, "meta must be a JSON object of strings", "meta"); };
  if (broken || !value.is_object()) return refuse();
  Meta meta;
  for (const auto& pair : value.get_object()) {
    if (!pair.value().is_string()) return refuse();
    meta.emplace_back(pair.key(), pair.value().get_string());
  }
  return meta;
}

}  // namespace rollcall::store
