// Reads the records of a DNS message: of this server's own responses, for explanations, and of responses from other
// servers, for the client library.
//
// Shape    RDATA is in wire form, uncompressed. SRV RDATA is checked: at least seven octets, ending with a name.
// Threads  any; pure.
// Failure  empty for a malformed message. Input from the network is untrusted.
// Source   RFC 1035 §4.1; RFC 3597 §4 (types whose RDATA may contain compression pointers).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "dns/name.h"
#include "dns/types.h"

namespace rollcall::dns {

struct MessageRecord {
  Name owner;
  Type type = Type::none;
  std::uint32_t ttl = 0;
  std::string rdata;
};

struct MessageRecords {
  std::vector<MessageRecord> answer;
  std::vector<MessageRecord> authority;
  std::vector<MessageRecord> additional;  // without OPT
};

// The message may have at most one question.
[[nodiscard]] std::optional<MessageRecords> read_records(Bytes message);

}  // namespace rollcall::dns
