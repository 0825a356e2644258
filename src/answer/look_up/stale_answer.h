// What becomes of an answer while the roll is not fresh (freshness.h): after the look-up, before it is encoded.
//
// Shape    stale: records of the roll have a TTL of one second at most, and the answer says EDE 3. Expired: an answer of the
//          roll is SERVFAIL with EDE 14, and an answer of the zone file brings no addresses of the roll along.
// Threads  one worker, under its ReadLock.
// Source   RFC 8914 §4.4, §4.15; RFC 8767 §4 (a small TTL for stale records).
#pragma once

#include "answer/encode/section_list.h"
#include "answer/look_up/resolution.h"
#include "answer/roster/freshness.h"
#include "dns/types.h"

namespace rollcall::answer {

inline constexpr Explanation k_stale{dns::ExtendedError::stale_answer,
                                     "this node does not reach its cluster: the answer may be out of date"};
inline constexpr Explanation k_expired{dns::ExtendedError::not_ready,
                                       "this node has not reached its cluster for too long to answer for services"};

// `resolution` has run, with this outcome. The outcome that it has instead.
[[nodiscard]] dns::Rcode hold_to_freshness(Freshness::State state, const Resolution& resolution, dns::Rcode rcode,
                                           SectionList& sections);

}  // namespace rollcall::answer
