#include "answer/rate_limit.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace rollcall::answer {
namespace {

constexpr std::chrono::nanoseconds k_depth = std::chrono::seconds(1);  // of a bucket, in time it takes to fill

std::uint64_t hash_of(const RateLimit& limit, const IpAddress& client, AnswerKind kind, const SipHashKey& seed) {
  const IpAddress network =
      with_host_bits(client, client.is_v4() ? limit.ipv4_prefix : limit.ipv6_prefix, HostBits::zero);
  std::array<std::uint8_t, 17> input{};
  std::ranges::copy(network.bytes(), input.begin());
  input.back() = static_cast<std::uint8_t>((static_cast<unsigned>(kind) << 1U) | (client.is_v4() ? 1U : 0U));
  return siphash24(input, seed);
}

}  // namespace

bool TokenBucket::take(std::uint32_t rate, registry::LeaseTime now) {
  const registry::LeaseTime full_at = std::max(full_at_, now) + k_depth / rate;
  if (full_at > now + k_depth) return false;
  full_at_ = full_at;
  return true;
}

RateLimiter::RateLimiter() : seed_() {
  std::random_device device;
  for (std::uint8_t& octet : seed_) octet = static_cast<std::uint8_t>(device());
}

// The network's entry, or the one of its row that is fullest.
RateLimiter::Entry& RateLimiter::find(std::uint64_t network) {
  if (entries_.empty()) entries_.resize(limits::k_rate_limit_entries);
  Entry* const row = &entries_[network % (entries_.size() / k_ways) * k_ways];
  Entry* const end = row + k_ways;
  Entry* const own = std::find_if(row, end, [&](const Entry& entry) { return entry.network == network; });
  if (own != end) return *own;
  Entry& given_up = *std::min_element(
      row, end, [](const Entry& a, const Entry& b) { return a.bucket.full_at() < b.bucket.full_at(); });
  given_up = {.network = network, .bucket = {}};
  return given_up;
}

RateLimiter::Verdict RateLimiter::judge(const RateLimit& limit, const IpAddress& client, AnswerKind kind,
                                        registry::LeaseTime now) {
  if (limit.rate == 0 || (client.is_loopback() && !limit.counts_loopback) || limit.exempt.contains(client)) {
    return Verdict::send;
  }
  Entry& entry = find(hash_of(limit, client, kind, seed_));
  if (entry.bucket.take(limit.rate, now)) return Verdict::send;
  if (limit.slip == 0 || ++suppressed_ < limit.slip) return Verdict::drop;
  suppressed_ = 0;
  return Verdict::cut;
}

}  // namespace rollcall::answer
