// What browsers of services and modern clients ask for beside SRV: DNS-SD's PTR, SVCB and HTTPS.
#include <algorithm>

#include "answer/encode/service_collector.h"

namespace rollcall::answer {

bool ServiceCollector::put_ptr(const Owner& owner, const View& view, registry::Protocol protocol, Bytes instances) {
  std::uint32_t ttl = 0;
  const std::span<const std::uint32_t> live = live_members(view, ttl);
  const auto has_protocol = [&](std::uint32_t i) { return answers_.member(i).instance->protocol() == protocol; };
  if (std::ranges::none_of(live, has_protocol)) return false;
  sections_.add(
      Section::answer,
      {.owner = owner,
       .type = dns::Type::ptr,
       .ttl = ttl,
       .rdata =
           MemberRdata{
               .answers = &answers_, .members = live, .take = live.size(), .suffix = instances, .protocol = protocol}},
      live.size(), k_record_head_bytes);
  return true;
}

// The live members that have a record of the type. `ttl`: as the earliest of their leases allows.
std::span<const std::uint32_t> ServiceCollector::live_offering(const View& view, dns::Type type, std::uint32_t& ttl) {
  const std::span<const std::uint32_t> live = live_members(view, ttl);
  if (live.data() != scratch_.live.data()) scratch_.live.assign(live.begin(), live.end());
  std::erase_if(scratch_.live, [&](std::uint32_t i) { return answers_.svcb(answers_.member(i), type).empty(); });
  registry::LeaseTime earliest = registry::LeaseTime::max();
  for (const std::uint32_t i : scratch_.live) {
    earliest = std::min(earliest, answers_.member(i).instance->lease.cached_until(now_));
  }
  if (!scratch_.live.empty()) ttl = ttl_until(earliest);
  return scratch_.live;
}

bool ServiceCollector::put_svcb(const Owner& owner, const View& view, dns::Type type) {
  if (!(type == dns::Type::svcb ? view.has_svcb : view.has_https)) return false;
  std::uint32_t ttl = 0;
  const std::span<const std::uint32_t> live = live_offering(view, type, ttl);
  if (live.empty()) return false;
  const std::uint32_t limit = answers_.policy().answer_limit;
  const std::size_t take = limit == 0 ? live.size() : std::min<std::size_t>(limit, live.size());
  sections_.add(
      Section::answer,
      {.owner = owner,
       .type = type,
       .ttl = ttl,
       .rdata = MemberRdata{.answers = &answers_, .members = live, .take = take, .equal_weights = view.equal_weights}},
      take, take * k_record_head_bytes);
  return true;
}

}  // namespace rollcall::answer
