// The usual question: A, AAAA or SRV of a service's own name `S.Z`, or SRV of `_S._P.Z`, in the form resolvers send. Nearly
// every query is one, so it is read in one pass; a query that differs in any way is answered by the Responder's full steps.
//
// Shape    QUERY, one question of class IN, no other record but at most an OPT of version 0 without options.
// Owner    borrows the message; nothing is allocated.
// Threads  pure; the table under the caller's ReadLock.
// Source   RFC 1035 §4.1, RFC 6891 §6.1.2; the full steps: dns/query.h, responder.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "answer/zone/zones.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "dns/types.h"

namespace rollcall::answer {

class FastQuery {
 public:
  // False: this is another question.
  bool read(Bytes message, const ZoneTable& zones);

  // Set by `read`; all but the first when it is one.
  bool is_fast = false;
  std::uint64_t service_hash = 0;
  const Zone* zone = nullptr;
  std::optional<registry::Protocol> protocol = {};  // of `_S._P.Z`
  dns::Type type = dns::Type::none;                 // A, AAAA or SRV
  std::uint16_t flags = 0;                          // as sent
  std::uint16_t payload = limits::k_udp_payload_min;
  bool has_opt = false;
  bool dnssec_ok = false;
  std::size_t end = 0;  // of the question in the message

  // The service's name, folded.
  [[nodiscard]] std::string_view label() const { return {label_.data(), label_bytes_}; }

  [[nodiscard]] registry::ServiceRef service() const { return {zone->id, label()}; }

 private:
  [[nodiscard]] bool read_whole(Bytes message, const ZoneTable& zones);
  [[nodiscard]] std::size_t read_labels(Bytes message);
  [[nodiscard]] bool find_zone(Bytes message, std::size_t rest_at, const ZoneTable& zones);
  [[nodiscard]] bool read_opt(Bytes rest);

  std::size_t label_bytes_ = 0;
  std::array<char, limits::k_label_bytes_max + 1> label_;  // whole words are written
};

}  // namespace rollcall::answer
