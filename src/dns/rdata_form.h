// The table of RDATA formats: one line per type, with its fields. The text parser, the wire-form check and the search
// for names all use this table, so all three support the same types.
//
// A type without a line is written as `\# <octets> <hex>` (RFC 3597). A new line also needs examples in
// tests/differential/zone_texts.py, which compares the octets with those of BIND and Knot; a test enforces this.
//
// Threads  any; constant data.
// Source   each type's RFC, as BIND 9.18 and Knot 3.2 read it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dns/types.h"

namespace rollcall::dns {

// A field of RDATA. "Rest": the field takes all remaining tokens or octets.
enum class Field : std::uint8_t {
  none,  // behind the last one
  u8,
  u16,
  u32,
  period,            // u32; "1h30m" too
  time,              // u32; YYYYMMDDHHMMSS or seconds (RFC 4034 §3.2)
  type,              // u16; a type's mnemonic
  algorithm,         // u8; or a mnemonic, as for the following
  digest_type,       // u8
  certificate_type,  // u16
  tlsa_usage,        // u8
  tlsa_selector,     // u8
  tlsa_matching,     // u8
  notify_scheme,     // u8
  name,              // uncompressed
  names,             // rest: none or more
  ipv4,              //
  ipv6,              //
  locator,           // 8 octets: four groups of hexadecimal digits
  eui48,             //
  eui64,             //
  string,            // length and octets
  optional_string,   // none or one
  strings,           // rest: one or more
  tag,               // a string of letters and digits, not quoted (CAA)
  octets,            // rest: a string without its length
  hex,               // rest: one octet at least
  base64,            // rest: one octet at least
  optional_base64,   // rest
  salt,              // length and octets; hexadecimal, or "-"
  hash,              // length and octets; base32hex (RFC 5155 §3.3)
  bitmap,            // rest: types (RFC 4034 §4.1.2)
  bitmap_of_some,    // the same, one type at least
  location,          // the whole of LOC
  prefixes,          // the whole of APL
  svc_params,        // rest (RFC 9460 §2)
  nsap,              // rest: 0x, and hexadecimal digits between dots
  gateway,           // none, an address or a name: as the second octet has it (RFC 4025 §2.5)
  relay_type,        // one octet of a bit and a number (RFC 8777 §4.2)
  relay,             // as the gateway, without that bit
  host_identity,     // lengths, algorithm, tag and key (RFC 8005 §5)
};

struct RdataForm {
  std::uint16_t type = 0;
  std::string_view name;
  std::string_view text;  // the expected text, for error messages
  std::array<Field, 9> fields{};
};

// Null: the type is not in the table.
[[nodiscard]] const RdataForm* find_form(Type type);
// By mnemonic, in upper or lower case.
[[nodiscard]] const RdataForm* find_form(std::string_view name);

}  // namespace rollcall::dns
