#include "net/http/response_head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ctime>
#include <ostream>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace rollcall::net {
namespace {

constexpr unsigned k_no_content = 204;
constexpr unsigned k_not_modified = 304;
constexpr std::size_t k_head_bytes = 256;                          // enough for most answers
constexpr std::size_t k_small_body_bytes = std::size_t{16} << 10;  // longer ones are not copied behind their head

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

// IMF-fixdate, made once a second on each thread.
std::string_view date_now() {
  thread_local std::time_t made_at = 0;
  thread_local std::array<char, 40> text{};
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made_at = now;
  }
  return {text.data(), size};
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  check(value.find_first_of("\r\n") == std::string_view::npos, "a header field is one line");
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_status_line(std::string& out, unsigned status, unsigned version) {
  if (status == 200 && version == 11) {  // most answers
    out.append("HTTP/1.1 200 OK\r\nDate: ").append(date_now()).append("\r\n");
    return;
  }
  out += version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  append_number(out, status);
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  out.append(" ").append(reason.data(), reason.size()).append("\r\n");
  append_field(out, "Date", date_now());
}

}  // namespace

void put_response(Outbox& out, api::Response response, const Framing& framing) {
  write_head(out.tail(), response, framing.keep_alive, framing.version);
  if (!framing.is_head) out.append(std::move(response.body));
}

void write_head(std::string& out, const api::Response& response, bool keep_alive, unsigned version) {
  check(response.status >= 100 && response.status <= 599, "a status has three digits");
  check(version == 10 || version == 11, "HTTP/1.0 or HTTP/1.1");
  out.reserve(out.size() + k_head_bytes + std::min(response.body.size(), k_small_body_bytes));
  append_status_line(out, response.status, version);
  // RFC 9110 §8.6: a 204 has no length, and that of a 304 would be the length of the body it spares.
  if (response.status != k_no_content && response.status != k_not_modified) {
    if (!response.content_type.empty()) out.append("Content-Type: ").append(response.content_type).append("\r\n");
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out += "\r\n";
  }
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  if (!keep_alive) {
    append_field(out, "Connection", "close");
  } else if (version == 10) {
    append_field(out, "Connection", "keep-alive");
  }
  out += "\r\n";
}

void write_stream_head(std::string& out, std::string_view content_type, bool keep_alive, unsigned version) {
  append_status_line(out, 200, version);
  append_field(out, "Content-Type", content_type);
  append_field(out, "Cache-Control", "no-cache");
  append_field(out, "X-Accel-Buffering", "no");  // nginx in between hands on each event as it comes
  if (version >= 11) append_field(out, "Transfer-Encoding", "chunked");
  if (!keep_alive || version == 10) append_field(out, "Connection", "close");
  out += "\r\n";
}

void write_chunk(std::string& out, std::string_view text, unsigned version) {
  if (version < 11) {
    out += text;
    return;
  }
  std::array<char, 16> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), text.size(), 16);
  out.append(digits.data(), end).append("\r\n").append(text).append("\r\n");
}

}  // namespace rollcall::net
