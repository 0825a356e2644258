// Questions as octets, and answers read back by ldns, which shares no code with the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer/responder.h"
#include "dns/types.h"

namespace rollcall::answer::testing {

struct Ask {
  std::string name;
  dns::Type type = dns::Type::a;
  std::optional<std::uint16_t> payload{};  // with EDNS, and this much over UDP
  Transport transport = Transport::udp;
  std::uint16_t id = 0x1234;
  bool recursion_desired = false;
};

[[nodiscard]] std::vector<std::uint8_t> query_of(const Ask& ask);

// The type's number for its mnemonic, "SRV", as zone files have it.
[[nodiscard]] dns::Type type_of(std::string_view mnemonic);

// A message as ldns reads it. Records are presentation format without the class: "web.svc.internal. 1 A 192.0.2.1".
struct Answered {
  std::size_t size = 0;
  std::string rcode;  // "NOERROR"
  std::string flags;  // "qr aa", as dig prints them
  std::vector<std::string> answer;
  std::vector<std::string> authority;
  std::vector<std::string> additional;  // without OPT
  bool has_opt = false;
  bool truncated = false;
};

// Fails the test when ldns cannot read the message, or it does not answer this question.
[[nodiscard]] Answered read_answer(const Ask& ask, Bytes message);

// The first `count` words of each record, sorted: what does not depend on the order.
[[nodiscard]] std::vector<std::string> sorted(std::vector<std::string> records);
// The last word of each record, in order: addresses of A and AAAA, targets of SRV.
[[nodiscard]] std::vector<std::string> rdata_ends(const std::vector<std::string>& records);
// The one TTL of these records. Fails the test when there are several, or no records.
[[nodiscard]] std::uint32_t ttl_of(const std::vector<std::string>& records);

}  // namespace rollcall::answer::testing
