// Parses a query from untrusted bytes: returns a Query, or the kind of failure.
//
// Layout   RFC 1035 §4.1.1
//            0                   1
//            0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 …
//           |       id (16)                 |
//           |QR| opcode(4) |AA|TC|RD|RA|Z|AD|CD| rcode(4) |
//           |     QDCOUNT   |    ANCOUNT    |   NSCOUNT   |   ARCOUNT   |
//          then the sections. The question always starts at byte 12.
// Owner    a Query borrows the datagram; nothing is allocated.
// Threads  pure.
// Source   RFC 1035 §4, RFC 6891 §6, RFC 9619 (one question), RFC 8906 §8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "dns/name.h"
#include "dns/serial.h"
#include "dns/tsig.h"
#include "dns/types.h"

namespace rollcall::dns {

inline constexpr std::size_t k_header_bytes = 12;
inline constexpr std::size_t k_opt_bytes = 11;  // an OPT record without options

// Bits of the second header word.
inline constexpr std::uint16_t k_flag_qr = 0x8000;
inline constexpr std::uint16_t k_flag_aa = 0x0400;
inline constexpr std::uint16_t k_flag_tc = 0x0200;
inline constexpr std::uint16_t k_flag_rd = 0x0100;
inline constexpr std::uint16_t k_flag_cd = 0x0010;
inline constexpr std::uint16_t k_opcode_mask = 0x7800;

// The query's OPT record (RFC 6891 §6.1.2), as far as a server needs it.
struct Edns {
  std::uint16_t payload = 512;  // what the client takes over UDP
  std::uint8_t version = 0;
  bool dnssec_ok = false;  // DO: copied into the reply (RFC 3225)
  bool nsid = false;       // requests the server's identifier (RFC 5001)
  bool expire = false;     // requests the zone's expire timer (RFC 7314)
  bool keepalive = false;  // requests the idle timeout of TCP connections (RFC 7828)
  bool padding = false;    // has the padding option, so the response is padded too (RFC 7830)
  Bytes cookie = {};       // the first COOKIE option's content, 8 or 16-40 octets; empty: none (RFC 7873)
};

struct Query {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;  // as sent
  Opcode opcode = Opcode::query;
  QuestionName name;
  Type type = Type::none;
  Class klass = Class::in;
  Bytes question;  // name, type, class: as sent, echoed bit for bit
  std::optional<Edns> edns;
  std::optional<TsigRecord> tsig;     // RFC 8945; a compressed key name is refused
  std::optional<Serial> ixfr_serial;  // the client's serial, from the SOA in the authority section (RFC 1995 §3)
};

enum class Parsed : std::uint8_t {
  query,         // the whole message is valid
  silence,       // a response, or shorter than a header: send no reply (RFC 1035 §4.1.1; prevents reply loops)
  no_question,   // QDCOUNT is 0, the rest is valid: FORMERR, unless it requests a cookie (RFC 7873 §5.4)
  bad_header,    // FORMERR without question: QDCOUNT is above 1, or the question is malformed
  bad_message,   // FORMERR with question: the message is malformed after the question
  other_opcode,  // only the header is parsed; for UPDATE, also the zone section, like a question
};

// On failure, `query` holds what was parsed before: always the header (except for silence), the question for
// bad_message, and OPT if it was found.
[[nodiscard]] Parsed parse_query(Bytes message, Query& query);

}  // namespace rollcall::dns
