#include "store/row_text.h"

#include <algorithm>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "registry/registration.h"

namespace rollcall::store {
namespace {

void append_escaped(char c, std::string& out) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += k_digits[byte >> 4];
  out += k_digits[byte & 0xf];
}

// RFC 8259 §7: quotation mark, reverse solidus and control characters must be escaped, nothing else has to be.
void append_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20) continue;
    out.append(text, plain, i - plain);
    append_escaped(c, out);
    plain = i + 1;
  }
  out.append(text, plain);
  out += '"';
}

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

// The strings of an array as we write it when nothing in it needs an escape: `["a","b"]`, no space. Calls take(text) for
// each; false: it is written in another way, and is for the parser.
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

// Every string of the array, through `parse`.
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
  write_list(addresses, '[', ']', out, [&](const IpAddress& address) { append_string(address.text(), out); });
}

void write_tags(std::span<const std::string> tags, std::string& out) {
  write_list(tags, '[', ']', out, [&](const std::string& tag) { append_string(tag, out); });
}

void write_meta(const Meta& meta, std::string& out) {
  write_list(meta, '{', '}', out, [&](const auto& pair) {
    append_string(pair.first, out);
    out += ':';
    append_string(pair.second, out);
  });
}

Result<std::vector<IpAddress>> parse_addresses(std::string_view text) {
  return parse_list(text, "addresses", &registry::parse_instance_address);
}

Result<std::vector<std::string>> parse_tags(std::string_view text) {
  return parse_list(text, "tags", &registry::parse_label);
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
