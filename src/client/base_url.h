// Where a registry's HTTP API is: "http://127.0.0.1:8500", "https://registry.example/rollcall", or just "127.0.0.1:8500".
//
// Shape    value. The host is a name or a literal address, an IPv6 one without its brackets.
// Failure  a sentence that names the text.
// Source   RFC 3986 §3; without a scheme http is meant, and port 8500, which rollcalld listens on by default.
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
  std::string prefix;  // of every target: empty, or "/rollcall", without a slash at its end

  // HOST:PORT, as errors name it.
  [[nodiscard]] std::string authority() const;
};

[[nodiscard]] Result<BaseUrl> parse_base_url(std::string_view text);

// A text as one segment of a path, or one value of a query: what may not stand there is percent-encoded.
[[nodiscard]] std::string encode_segment(std::string_view text);

}  // namespace rollcall::client
