// DNS messages as the tests see them: written by hand, octet for octet, and read by a parser of their own.
//
// The parser shares nothing with the server's: what it takes is a message another implementation would take. It reads
// every record of every section, follows pointers only backwards, and wants the last record to end the message.
//
// Owner    values.
// Failure  parse_message says what is wrong, as a sentence.
// Source   RFC 1035 §4; RFC 6891 §6.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/types.h"

namespace rollcall::conformance {

using Octets = std::vector<std::uint8_t>;

// --- Writing ---

struct Header {
  std::uint16_t id = 0x5243;
  std::uint16_t flags = 0;
  std::uint16_t questions = 1;
  std::uint16_t answers = 0;
  std::uint16_t authorities = 0;
  std::uint16_t additionals = 0;
};

inline constexpr std::uint16_t k_class_in = 1;
inline constexpr std::uint32_t k_do = 0x8000;  // the DO bit, in an OPT record's TTL

[[nodiscard]] Octets message(const Header& header, std::initializer_list<Octets> parts);
// Presentation form to wire form; it must be a name.
[[nodiscard]] Octets name(std::string_view presentation);
[[nodiscard]] Octets question(const Octets& qname, dns::Type type, std::uint16_t klass = k_class_in);
[[nodiscard]] Octets question(std::string_view qname, dns::Type type, std::uint16_t klass = k_class_in);
[[nodiscard]] Octets record(const Octets& owner, dns::Type type, std::uint16_t klass, std::uint32_t ttl,
                            const Octets& rdata);
// `ttl` holds the extended RCODE, the version and the flags (RFC 6891 §6.1.3).
[[nodiscard]] Octets opt(std::uint16_t payload = 1232, std::uint32_t ttl = 0, const Octets& options = {});
[[nodiscard]] Octets option(std::uint16_t code, const Octets& value);
[[nodiscard]] constexpr std::uint16_t opcode_bits(unsigned opcode) { return static_cast<std::uint16_t>(opcode << 11); }

// --- Reading ---

struct Record {
  std::size_t at = 0;  // of its first octet
  Octets owner;        // wire form, pointers followed
  dns::Type type = dns::Type::none;
  std::uint16_t klass = 0;
  std::uint32_t ttl = 0;
  std::size_t rdata_at = 0;
  Octets rdata;  // as it stands in the message
};

enum class Section : std::uint8_t { answer, authority, additional };

struct Message {
  Octets octets;
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  Octets question;                              // as it stands in the message; empty: none
  std::array<std::vector<Record>, 3> sections;  // OPT is apart
  std::optional<Record> opt;

  [[nodiscard]] bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  [[nodiscard]] unsigned opcode() const { return flags >> 11 & 0xfU; }
  // With the upper bits that OPT brings.
  [[nodiscard]] unsigned rcode() const { return (flags & 0xfU) | (opt ? opt->ttl >> 24 << 4 : 0U); }
  [[nodiscard]] const std::vector<Record>& records(Section section) const {
    return sections[static_cast<std::size_t>(section)];
  }
  [[nodiscard]] const std::vector<Record>& answer() const { return records(Section::answer); }
  [[nodiscard]] const std::vector<Record>& authority() const { return records(Section::authority); }
  [[nodiscard]] const std::vector<Record>& additional() const { return records(Section::additional); }
};

// At most one question is read.
[[nodiscard]] std::expected<Message, std::string> parse_message(std::span<const std::uint8_t> octets);

}  // namespace rollcall::conformance
