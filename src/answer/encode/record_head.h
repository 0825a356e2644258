// The fixed parts of a message, each written here and nowhere else: header, record head, OPT.
//
// Layout   header (RFC 1035 §4.1.1)      id 2 | flags 2 | questions 2 | answers 2 | authorities 2 | additionals 2
//          record (RFC 1035 §4.1.3)      owner | type 2 | class 2 | TTL 4 | RDLENGTH 2 | RDATA
//                                        `head`: all in front of RDATA, with a pointer (2) as the owner
//          OPT    (RFC 6891 §6.1.2)      root 1 | 41 2 | payload 2 | upper RCODE 1 | version 1 | DO 2 | RDLENGTH 2 | options
// Room     the caller's business: each function says how many octets it writes.
// Threads  pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "dns/query.h"
#include "dns/types.h"

namespace rollcall::answer {

enum class Section : std::uint8_t { answer, authority, additional };

// --- Pointers (RFC 1035 §4.1.4) ---

inline constexpr std::uint16_t k_question_name_at = dns::k_header_bytes;
inline constexpr std::size_t k_pointer_reach = 0x4000;  // fourteen bits of offset

constexpr std::uint16_t pointer_to(std::size_t offset) { return static_cast<std::uint16_t>(0xc000U | offset); }

// --- Records ---

inline constexpr std::size_t k_record_fixed_bytes = 10;                       // behind the owner
inline constexpr std::size_t k_record_head_bytes = 2 + k_record_fixed_bytes;  // with a pointer as the owner
inline constexpr std::size_t k_rdlength_bytes = 2;                            // the last of the fixed part
inline constexpr std::size_t k_type_class_ttl_bytes = k_record_fixed_bytes - k_rdlength_bytes;

// Writes k_type_class_ttl_bytes: dns::NameWriter::put_rdata writes RDLENGTH itself.
inline void store_type_class_ttl(std::uint8_t* at, dns::Type type, dns::Class klass, std::uint32_t ttl) {
  store_u16(at, static_cast<std::uint16_t>(type));
  store_u16(at + 2, static_cast<std::uint16_t>(klass));
  store_u32(at + 4, ttl);
}
// Writes k_record_fixed_bytes.
inline void store_record_fixed(std::uint8_t* at, dns::Type type, dns::Class klass, std::uint32_t ttl,
                               std::size_t rdata_bytes) {
  store_type_class_ttl(at, type, klass, ttl);
  store_u16(at + 8, static_cast<std::uint16_t>(rdata_bytes));
}

// Of a fixed part: what stands there.
inline dns::Type type_in_record(const std::uint8_t* fixed) { return static_cast<dns::Type>(load_u16(fixed)); }
inline std::uint32_t ttl_in_record(const std::uint8_t* fixed) { return load_u32(fixed + 4); }

// The same octets in front of every RDATA of one RRset: made once, copied for each record.
class RecordHead {
 public:
  RecordHead(std::size_t owner_at, dns::Type type, std::uint32_t ttl, std::size_t rdata_bytes) {
    store_u16(octets_, pointer_to(owner_at));
    store_record_fixed(octets_ + 2, type, dns::Class::in, ttl, rdata_bytes);
  }
  // Writes k_record_head_bytes.
  void copy_to(std::uint8_t* at) const { std::memcpy(at, octets_, k_record_head_bytes); }

 private:
  std::uint8_t octets_[k_record_head_bytes];
};

// --- Header ---

// What a reply takes over from the query's flags: RD always; CD only from those who speak DNSSEC (RFC 4035 §3.1.6 wants it
// clear, RFC 8906 §8.1.3 wants it copied to them).
constexpr std::uint16_t copied_flags(std::uint16_t query_flags, bool dnssec_ok) {
  return static_cast<std::uint16_t>(query_flags & (dns::k_flag_rd | (dnssec_ok ? dns::k_flag_cd : 0U)));
}
inline void set_truncated_flag(std::uint8_t* message) {
  store_u16(message + 2, static_cast<std::uint16_t>(load_u16(message + 2) | dns::k_flag_tc));
}

struct Header {
  std::uint16_t flags = 0;  // with the lower bits of the RCODE
  std::uint16_t questions = 0;
  std::uint16_t answers = 0;
  std::uint16_t authorities = 0;
  std::uint16_t additionals = 0;  // with OPT
};
// Writes dns::k_header_bytes.
inline void store_header(std::uint8_t* at, std::uint16_t id, const Header& header) {
  store_u16(at, id);
  store_u16(at + 2, header.flags);
  store_u16(at + 4, header.questions);
  store_u16(at + 6, header.answers);
  store_u16(at + 8, header.authorities);
  store_u16(at + 10, header.additionals);
}

// --- OPT ---

// Writes dns::k_opt_bytes; options follow. `payload`: what this server takes over UDP (RFC 6891 §6.2.3).
inline void store_opt(std::uint8_t* at, std::uint16_t payload, dns::Rcode rcode, bool dnssec_ok,
                      std::size_t options_bytes) {
  constexpr std::uint16_t k_dnssec_ok = 0x8000;  // RFC 3225
  at[0] = 0;
  store_u16(at + 1, static_cast<std::uint16_t>(dns::Type::opt));
  store_u16(at + 3, payload);
  at[5] = static_cast<std::uint8_t>(static_cast<std::uint16_t>(rcode) >> 4);
  at[6] = 0;  // version
  store_u16(at + 7, dnssec_ok ? k_dnssec_ok : std::uint16_t{0});
  store_u16(at + 9, static_cast<std::uint16_t>(options_bytes));
}
// Overwrites the options' length, once they are written.
inline void store_opt_length(std::uint8_t* opt, std::size_t options_bytes) {
  store_u16(opt + 9, static_cast<std::uint16_t>(options_bytes));
}

}  // namespace rollcall::answer
