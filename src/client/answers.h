// What a name server's message says about a service: its SRV records, and addresses of their targets.
//
// Shape    pure. Only what belongs to the question is taken: SRV records of the name asked for, or of where aliases
//          lead; addresses of the targets. A TTL is the least of what an answer is made of; of a negative one that of
//          the SOA (RFC 2308 §5), 0 where there is none.
// Failure  anything may come: what cannot be read, or says neither yes nor no, is `failed`, with a sentence.
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
  yes,      // there are records
  nothing,  // the name is there, such records are not (NODATA); of SRV also the target "." (RFC 2782)
  no_name,  // NXDOMAIN
  failed,   // nothing that can be believed
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
  std::map<dns::Name, std::vector<IpAddress>> addresses;  // of targets, from the additional section
  std::chrono::milliseconds ttl{0};
  std::string trouble;  // of `failed`
};

struct AddressAnswer {
  Said said = Said::failed;
  std::vector<IpAddress> addresses;
  std::chrono::milliseconds ttl{0};
};

[[nodiscard]] SrvAnswer parse_srv_answer(Bytes message, const dns::Name& asked);
// `type` is A or AAAA.
[[nodiscard]] AddressAnswer parse_address_answer(Bytes message, const dns::Name& asked, dns::Type type);

// Whether the message says yes or no; a server that says SERVFAIL, REFUSED or less is as good as none. "SERVFAIL".
[[nodiscard]] bool is_conclusive(Bytes message);
[[nodiscard]] std::string rcode_text(Bytes message);

}  // namespace rollcall::client
