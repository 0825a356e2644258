// The words of RDATA: strings, numbers, addresses, octets in hexadecimal, base64 and base32hex.
//
// Shape    the readers take one token as it was written and give its value, empty where it is none; the `append_` ones
//          append octets, and append nothing that anybody may use when they say false.
// Source   RFC 1035 §5.1 (escapes), RFC 4648 (base64, base32hex).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::dns {

// "\"a b\"", for messages.
[[nodiscard]] std::string quote(std::string_view token);

// Quotes and escapes undone. Empty: a broken escape, or a quote in the middle of a word.
[[nodiscard]] std::optional<std::string> read_string(std::string_view token);

// Digits and nothing else. More than `most` comes back as `most` + 1.
[[nodiscard]] std::optional<std::uint64_t> read_number(std::string_view token, std::uint64_t most);

[[nodiscard]] std::optional<std::array<std::uint8_t, 4>> read_ipv4(std::string_view token);
[[nodiscard]] std::optional<std::array<std::uint8_t, 16>> read_ipv6(std::string_view token);

void append_u16(std::string& out, std::uint16_t value);
void append_u32(std::string& out, std::uint32_t value);

[[nodiscard]] bool append_hex(std::string& out, std::string_view digits);
[[nodiscard]] bool append_base64(std::string& out, std::string_view digits);     // with its padding
[[nodiscard]] bool append_base32hex(std::string& out, std::string_view digits);  // without padding

}  // namespace rollcall::dns
