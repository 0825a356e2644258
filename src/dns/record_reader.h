// The records of a message: of one that this server has made, for people and for explanations; of one that another has
// made, for the client library.
//
// Shape    RDATA is wire form, nothing compressed. SRV's is well formed: seven octets at least, ending with a name.
// Failure  empty for a message that cannot be read: what comes from others may be anything.
// Source   RFC 1035 §4.1; RFC 3597 §4 (whose RDATA may hold pointers).
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

// At most one question.
[[nodiscard]] std::optional<MessageRecords> read_records(Bytes message);

}  // namespace rollcall::dns
