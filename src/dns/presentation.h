// Parsers for the tokens of RDATA text: strings, numbers, addresses, and octets in hexadecimal, base64 and base32hex.
//
// Shape    the `read_` functions take one raw token and return its value; empty: not valid. The `append_` functions
//          append decoded octets to `out`; if they return false, do not use `out`.
// Threads  any; pure.
// Source   RFC 1035 §5.1 (escapes), RFC 4648 (base64, base32hex).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::dns {

// Puts the token in quotes, for error messages.
[[nodiscard]] std::string quote(std::string_view token);

// Removes quotes and decodes escapes. Empty: an invalid escape, or a quote inside the token.
[[nodiscard]] std::optional<std::string> read_string(std::string_view token);

// A decimal number without sign. Returns `most` + 1 if the number is larger than `most`.
[[nodiscard]] std::optional<std::uint64_t> read_number(std::string_view token, std::uint64_t most);

[[nodiscard]] std::optional<std::array<std::uint8_t, 4>> read_ipv4(std::string_view token);
[[nodiscard]] std::optional<std::array<std::uint8_t, 16>> read_ipv6(std::string_view token);

void append_u16(std::string& out, std::uint16_t value);
void append_u32(std::string& out, std::uint32_t value);

[[nodiscard]] bool append_hex(std::string& out, std::string_view digits);
[[nodiscard]] bool append_base64(std::string& out, std::string_view digits);     // with its padding
[[nodiscard]] bool append_base32hex(std::string& out, std::string_view digits);  // without padding

}  // namespace rollcall::dns
