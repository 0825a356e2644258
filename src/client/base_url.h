// The base URL of a registry's HTTP API: "http://127.0.0.1:8500", "https://registry.example/rollcall",
// "127.0.0.1:8500".
//
// Shape    value type. The host is a name or an IP address literal; an IPv6 literal has no brackets.
// Threads  value type: copy it freely.
// Failure  an error message that quotes the text.
// Source   RFC 3986 §3. Defaults: the scheme http, and port 8500, on which rollcalld listens by default.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::client {

struct BaseUrl {
  bool is_secure = false;
  std::string host;
  std::uint16_t port = 0;
  std::string prefix;  // path prefix of every request target: empty, or "/rollcall" without a final slash

  // HOST:PORT, for the Host header and for error messages.
  [[nodiscard]] std::string authority() const;
};

[[nodiscard]] Result<BaseUrl> parse_base_url(std::string_view text);

// Percent-encodes a text for use as one path segment or one query value.
[[nodiscard]] std::string encode_segment(std::string_view text);

}  // namespace rollcall::client
