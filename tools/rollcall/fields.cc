#include "tools/rollcall/fields.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "tools/rollcall/terminal.h"

namespace rollcall::cli {

namespace json = boost::json;

const json::value* find_field(const json::value& object, std::string_view key) {
  const json::object* const fields = object.if_object();
  return fields == nullptr ? nullptr : fields->if_contains(json::string_view(key.data(), key.size()));
}

std::string raw_text_at(const json::value& object, std::string_view key) {
  const json::value* const value = find_field(object, key);
  if (value == nullptr || value->is_null()) return {};
  if (const json::string* const text = value->if_string()) return {text->data(), text->size()};
  return json::serialize(*value);
}

std::string text_at(const json::value& object, std::string_view key) { return printable(raw_text_at(object, key)); }

std::int64_t number_at(const json::value& object, std::string_view key) {
  const json::value* const value = find_field(object, key);
  if (value == nullptr) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

std::string list_at(const json::value& object, std::string_view key, std::string_view between) {
  const json::value* const value = find_field(object, key);
  const json::array* const list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return {};
  std::string text;
  for (const json::value& each : *list) {
    if (!text.empty()) text += between;
    const json::string* const word = each.if_string();
    text += printable(word == nullptr ? json::serialize(each) : std::string(word->data(), word->size()));
  }
  return text;
}

std::string pairs_at(const json::value& object, std::string_view key, std::string_view between) {
  const json::value* const value = find_field(object, key);
  const json::object* const members = value == nullptr ? nullptr : value->if_object();
  if (members == nullptr) return {};
  std::string text;
  for (const auto& member : *members) {
    const std::string_view name(member.key().data(), member.key().size());
    text.append(text.empty() ? "" : between).append(printable(name)).append("=").append(text_at(*value, name));
  }
  return text;
}

Result<const json::array*> rows_at(const json::value& object, std::string_view key) {
  const json::value* const value = find_field(object, key);
  const json::array* const rows = value == nullptr ? nullptr : value->if_array();
  if (rows == nullptr) return std::unexpected(no_registry());
  return rows;
}

Error no_registry() { return Error{Errc::unreachable, "what answers there is no registry"}; }

}  // namespace rollcall::cli
