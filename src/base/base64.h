// Base64 (RFC 4648 §4), with padding: credentials of HTTP, values of keys.
//
// Threads  any.
// Failure  decoding: empty for text that is not Base64. Missing padding is forgiven.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

[[nodiscard]] std::string encode_base64(std::string_view octets);
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace rollcall
