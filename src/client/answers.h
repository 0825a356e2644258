// Parses a DNS response about a service: its SRV records, and the addresses of their targets.
//
// Shape    pure functions. Only records that belong to the question are used: SRV records of the queried name or of its
//          CNAME target, and addresses of the SRV targets. The TTL of an answer is the smallest TTL of its records. The
//          TTL of a negative answer comes from the SOA record (RFC 2308 §5); it is 0 without a SOA.
// Threads  any thread.
// Failure  the message is untrusted input. If it cannot be parsed, or is neither a positive nor a negative answer, the
//          result is `failed`; parse_srv_answer also sets a message.
// Source   RFC 1035 §4.1, RFC 2308 §2, RFC 2782.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "dns/name.h"
#include "dns/types.h"

namespace rollcall::client {

enum class Said : std::uint8_t {
  yes,      // positive answer: there are records
  nothing,  // NODATA: the name exists without such records; for SRV also the target "." (RFC 2782)
  no_name,  // NXDOMAIN
  failed,   // malformed, or an error RCODE
};

struct SrvRecord {
  dns::Name target;
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
};

struct SrvAnswer {
  Said said = Said::failed;
  std::vector<SrvRecord> records;
  std::map<dns::Name, std::vector<IpAddress>> addresses;  // by SRV target, from the additional section
  std::chrono::milliseconds ttl{0};
  std::string trouble;  // the error message, if `failed`
};

struct AddressAnswer {
  Said said = Said::failed;
  std::vector<IpAddress> addresses;
  std::chrono::milliseconds ttl{0};
};

[[nodiscard]] SrvAnswer parse_srv_answer(Bytes message, const dns::Name& asked);
// `type` is A or AAAA.
[[nodiscard]] AddressAnswer parse_address_answer(Bytes message, const dns::Name& asked, dns::Type type);

// True for a positive or a negative answer. False for SERVFAIL, REFUSED or no message: then the next server is asked.
[[nodiscard]] bool is_conclusive(Bytes message);
// The RCODE by name, as for error messages: "SERVFAIL".
[[nodiscard]] std::string rcode_text(Bytes message);

}  // namespace rollcall::client
