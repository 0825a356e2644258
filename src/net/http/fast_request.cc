#include "net/http/fast_request.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/ascii_case.h"
#include "base/limits.h"

namespace rollcall::net {
namespace {

constexpr std::pair<std::string_view, api::Method> k_methods[] = {{"POST ", api::Method::post},
                                                                  {"GET ", api::Method::get},
                                                                  {"PUT ", api::Method::put},
                                                                  {"DELETE ", api::Method::del},
                                                                  {"HEAD ", api::Method::head}};
constexpr std::string_view k_version = " HTTP/1.1\r\n";
constexpr std::size_t k_length_digits_max = 7;

bool is_visible(char c) { return c > ' ' && c < '\x7f'; }
bool is_text(char c) { return c >= ' ' && c < '\x7f'; }

// `name` is in lower case. Letters, digits and hyphens alone are compared, so folding by a bit is exact.
bool equals(std::string_view text, std::string_view name) {
  if (text.size() != name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = text[i];
    const char folded = to_lower(c);
    if (folded != name[i]) return false;
  }
  return true;
}

// The fields read so far.
struct Fields {
  bool has_host = false;
  bool has_length = false;
  bool has_authorization = false;
  std::size_t length = 0;
  std::string_view authorization;
};

// Fields that we ignore, or that ask for what HTTP/1.1 does by default. The most frequent first.
bool is_without_meaning(std::string_view name, std::string_view value) {
  constexpr std::string_view k_names[] = {"content-type", "accept", "user-agent", "accept-encoding", "accept-language"};
  if (equals(name, "connection")) return equals(value, "keep-alive");
  return std::ranges::any_of(k_names, [&](std::string_view known) { return equals(name, known); });
}

bool read_length(std::string_view digits, Fields& fields) {
  if (fields.has_length || digits.empty() || digits.size() > k_length_digits_max) return false;
  fields.has_length = true;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    fields.length = fields.length * 10 + static_cast<std::size_t>(c - '0');
  }
  return true;
}

bool read_field(std::string_view name, std::string_view value, Fields& fields) {
  if (equals(name, "host")) {
    const bool is_second = std::exchange(fields.has_host, true);
    return !is_second && value.find_first_of(" ,/\\@?#") == std::string_view::npos;
  }
  if (equals(name, "content-length")) return read_length(value, fields);
  if (equals(name, "authorization")) {
    const bool is_second = std::exchange(fields.has_authorization, true);
    fields.authorization = value;
    return !is_second && !value.empty();
  }
  return is_without_meaning(name, value);
}

// The lines up to and with the empty one; where they end. npos: something else, or not all of it.
std::size_t read_fields(std::string_view buffer, std::size_t at, Fields& fields) {
  while (true) {
    std::size_t end = at;
    while (end < buffer.size() && is_text(buffer[end])) ++end;
    if (buffer.size() - end < 2 || buffer[end] != '\r' || buffer[end + 1] != '\n') return std::string_view::npos;
    const std::string_view line = buffer.substr(at, end - at);
    at = end + 2;
    if (line.empty()) return at;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return colon;
    if (!read_field(line.substr(0, colon), api::trim(line.substr(colon + 1)), fields)) return std::string_view::npos;
  }
}

}  // namespace

std::optional<FastRequest> find_fast_request(std::string_view buffer) {
  const auto* const method =
      std::ranges::find_if(k_methods, [&](const auto& m) { return buffer.starts_with(m.first); });
  if (method == std::end(k_methods)) return std::nullopt;
  const std::size_t begin = method->first.size();
  std::size_t end = begin;
  while (end < buffer.size() && is_visible(buffer[end])) ++end;
  if (end == begin || buffer[begin] != '/' || !buffer.substr(end).starts_with(k_version)) return std::nullopt;
  FastRequest request;
  request.method = method->second;
  request.target = buffer.substr(begin, end - begin);

  Fields fields;
  const std::size_t head = read_fields(buffer, end + k_version.size(), fields);
  if (head == std::string_view::npos || head > limits::k_http_header_bytes_max || !fields.has_host) return std::nullopt;
  // What a route takes beyond this bound, or refuses below it, is for the parser and the router to say.
  if (fields.length > limits::k_http_body_bytes_max || fields.length > buffer.size() - head) return std::nullopt;
  request.authorization = fields.authorization;
  request.fields = buffer.substr(end + k_version.size(), head - 2 - end - k_version.size());
  request.body = buffer.substr(head, fields.length);
  request.bytes = head + fields.length;
  return request;
}

}  // namespace rollcall::net
