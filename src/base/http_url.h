// The URL below which requests are made: "http://127.0.0.1:8500", "https://registry.example/rollcall".
//
// Shape    value type. The host is a name or an IP address literal; an IPv6 literal has no brackets.
// Threads  pure functions: any thread.
// Failure  Errc::invalid; the message says only why, so that the caller names what the URL is for.
// Source   RFC 3986 §3; RFC 9110 §4.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall {

struct HttpUrl {
  bool is_secure = false;
  std::string host;
  std::uint16_t port = 0;
  std::string prefix;  // path prefix of every request target: empty, or "/rollcall" without a final slash

  // HOST:PORT, for the Host header and for error messages.
  [[nodiscard]] std::string authority() const;
};

struct HttpUrlRules {
  std::uint16_t http_port = 80;  // where the URL names none
  std::uint16_t https_port = 443;
  std::string_view instead_of_userinfo;  // where credentials belong: the sentence for a URL that has them
};
[[nodiscard]] Result<HttpUrl> parse_http_url(std::string_view text, const HttpUrlRules& rules);

// Percent-encodes a text for use as one path segment or one query value.
[[nodiscard]] std::string encode_segment(std::string_view text);

}  // namespace rollcall
