// Response rate limiting: how much one network may have of one kind of answer over UDP, where addresses can be forged.
//
// Method   a token bucket for each client network and kind of answer, refilled at `rate`, one second deep. An answer
//          beyond it is cut to an empty one with TC, as long as its query: a real client asks again over TCP; the victim of
//          a forged address gets no more octets than were sent in its name. `slip` sends only every n-th of these.
// Memory   k_rate_limit_entries buckets, allocated with the first answer that is counted. A full bucket says nothing and is
//          reused; if no bucket of a row is full, the one nearest to full is.
// Seed     the place of a network's bucket differs at each start, and cannot be computed from outside.
// Owner    one per worker; each worker counts its own answers.
// Threads  its worker's. Time is an argument.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "base/ip_prefix.h"
#include "base/limits.h"
#include "base/siphash.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

struct RateLimit {
  std::uint32_t rate = 0;        // answers a second for one network and kind; 0: no limit
  std::uint32_t slip = 1;        // every n-th answer beyond it is sent, cut short; 0: none
  unsigned ipv4_prefix = 24;     // what a network is
  unsigned ipv6_prefix = 56;     //
  IpPrefixSet exempt = {};       // never counted
  bool counts_loopback = false;  // 127.0.0.0/8 and ::1 are exempt too, unless asked for
};

// At most `rate` takes a second, and no more than that at once.
class TokenBucket {
 public:
  // Whether there is one left; it is taken. `rate` is above zero.
  bool take(std::uint32_t rate, registry::LeaseTime now);
  [[nodiscard]] registry::LeaseTime full_at() const { return full_at_; }

 private:
  registry::LeaseTime full_at_ = registry::LeaseTime::min();
};

enum class AnswerKind : std::uint8_t {
  positive,  // records, or a referral
  negative,  // NODATA, NXDOMAIN
  error,     // anything else
};

class RateLimiter {
 public:
  RateLimiter();  // seeded by the system
  explicit RateLimiter(const SipHashKey& seed) : seed_(seed) {}

  enum class Verdict : std::uint8_t { send, cut, drop };
  [[nodiscard]] Verdict judge(const RateLimit& limit, const IpAddress& client, AnswerKind kind,
                              registry::LeaseTime now);

 private:
  static constexpr std::size_t k_ways = 4;  // a row is one cache line

  struct Entry {
    std::uint64_t network = 0;  // a hash of network and kind
    TokenBucket bucket;
  };

  [[nodiscard]] Entry& find(std::uint64_t network);

  SipHashKey seed_;
  std::vector<Entry> entries_;
  std::uint32_t suppressed_ = 0;  // since the last one that slipped through
};

}  // namespace rollcall::answer
