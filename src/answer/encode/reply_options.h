// The options of a reply's OPT record, in wire form, and the two ways a reply says why: an extended error, a refusal.
//
// Shape    values. What is known before the answer has its room set aside; an extended error comes last and takes what
//          is left.
// Owner    the exchange it belongs to; explanations borrow text that lives for ever.
// Threads  one query, one worker.
// Source   RFC 6891 §6.1.2; RFC 8914 (extended errors); RFC 7314 §3.1 (EXPIRE).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "dns/query.h"
#include "dns/types.h"

namespace rollcall::answer {

class Options {
 public:
  // False, and nothing added: no room.
  bool add(dns::Option option, Bytes content);
  // A primary's copy never ages: EXPIRE says what the SOA says. Only for a query that asked for it.
  void add_expire(const dns::Query& query, std::uint32_t expire_seconds);
  [[nodiscard]] Bytes bytes() const { return {octets_.data(), size_}; }

 private:
  std::array<std::uint8_t, 160> octets_;  // NSID (64), cookie (24), keepalive (2), EXPIRE (4), and their heads
  std::size_t size_ = 0;
};

// RFC 8914: why, for people. The text is dropped where space is short.
struct Explanation {
  dns::ExtendedError code = dns::ExtendedError::other;
  std::string_view text;
};
inline constexpr Explanation k_not_ours{dns::ExtendedError::not_authoritative,
                                        "none of the zones served here encloses the name"};
inline constexpr Explanation k_cut_short{dns::ExtendedError::other, "more records than a message can hold"};

// A reply without records. Every step that can end a query early returns one; Responder::refuse writes them all.
struct Refusal {
  dns::Rcode rcode = dns::Rcode::refused;
  std::optional<Explanation> why = {};
  bool echoes_question = true;  // false for what could not be read
  bool is_truncated = false;    // TC: the client asks again over TCP
};

}  // namespace rollcall::answer
