// DNS protocol constants: types, classes, opcodes, response codes, EDNS options, extended errors.
//
// Shape    values that are not listed are valid on the wire and are kept unchanged, so a switch over one of these enums
//          always needs a default.
// Source   IANA "Domain Name System (DNS) Parameters"; each constant names its RFC.
#pragma once

#include <cstdint>
#include <string>

namespace rollcall::dns {

enum class Type : std::uint16_t {
  none = 0,
  a = 1,         // RFC 1035 §3.4.1
  ns = 2,        // RFC 1035 §3.3.11
  md = 3,        // obsolete (RFC 1035)
  mf = 4,        // obsolete (RFC 1035)
  cname = 5,     // RFC 1035 §3.3.1
  soa = 6,       // RFC 1035 §3.3.13
  mb = 7,        // RFC 1035 §3.3.3
  mg = 8,        // RFC 1035 §3.3.6
  mr = 9,        // RFC 1035 §3.3.8
  ptr = 12,      // RFC 1035 §3.3.12
  hinfo = 13,    // RFC 1035 §3.3.2
  minfo = 14,    // RFC 1035 §3.3.7
  mx = 15,       // RFC 1035 §3.3.9
  txt = 16,      // RFC 1035 §3.3.14
  afsdb = 18,    // RFC 1183 §1
  rt = 21,       // RFC 1183 §3.3
  aaaa = 28,     // RFC 3596
  srv = 33,      // RFC 2782
  kx = 36,       // RFC 2230
  dname = 39,    // RFC 6672
  opt = 41,      // RFC 6891
  ds = 43,       // RFC 4034 §5
  rrsig = 46,    // RFC 4034 §3
  nsec = 47,     // RFC 4034 §4
  dnskey = 48,   // RFC 4034 §2
  svcb = 64,     // RFC 9460
  https = 65,    // RFC 9460
  nxname = 128,  // RFC 9824
  tkey = 249,    // RFC 2930
  tsig = 250,    // RFC 8945
  ixfr = 251,    // RFC 1995
  axfr = 252,    // RFC 5936
  mailb = 253,   // RFC 1035 §3.2.3
  maila = 254,   // RFC 1035 §3.2.3
  any = 255,     // RFC 1035 §3.2.3, RFC 8482
};

enum class Class : std::uint16_t { in = 1, chaos = 3, hesiod = 4, none = 254, any = 255 };

enum class Opcode : std::uint8_t { query = 0, iquery = 1, status = 2, notify = 4, update = 5, dso = 6 };

// The low four bits are in the header, the upper eight bits in OPT (RFC 6891 §6.1.3).
enum class Rcode : std::uint16_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  yxdomain = 6,
  notauth = 9,
  badvers = 16,
  badcookie = 23,  // RFC 7873 §8
};

// "NXDOMAIN"; "RCODE11" for a code without a name.
[[nodiscard]] std::string rcode_text(Rcode rcode);

// RFC 6891 §6.1.2.
enum class Option : std::uint16_t {
  nsid = 3,             // RFC 5001
  expire = 9,           // RFC 7314
  cookie = 10,          // RFC 7873
  tcp_keepalive = 11,   // RFC 7828
  padding = 12,         // RFC 7830
  extended_error = 15,  // RFC 8914
};

// RFC 8914 §4.
enum class ExtendedError : std::uint16_t {
  other = 0,
  stale_answer = 3,
  not_ready = 14,
  prohibited = 18,
  not_authoritative = 20,
  no_reachable_authority = 22,
  invalid_query_type = 30,  // RFC 9824 §3.5
};

// RFC 1035 §3.3: the types whose RDATA names may be compressed; RFC 3597 §4 forbids it for every later one.
[[nodiscard]] constexpr bool has_compressible_rdata(Type type) {
  switch (type) {
    case Type::ns:
    case Type::md:
    case Type::mf:
    case Type::cname:
    case Type::soa:
    case Type::mb:
    case Type::mg:
    case Type::mr:
    case Type::ptr:
    case Type::minfo:
    case Type::mx: return true;
    default: return false;
  }
}

}  // namespace rollcall::dns
