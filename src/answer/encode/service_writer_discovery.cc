// What browsers of services and modern clients ask for beside SRV: DNS-SD's PTR, SVCB and HTTPS.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "answer/encode/service_writer.h"
#include "answer/encode/tls_offer.h"

namespace rollcall::answer {
namespace {

enum class SvcParam : std::uint16_t {
  alpn = 1,
  no_default_alpn = 2,
  port = 3,
  ipv4hint = 4,
  ipv6hint = 6
};  // RFC 9460 §14.3.2

void append_u16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void append_param(std::string& out, SvcParam key, std::string_view value) {
  append_u16(out, static_cast<std::size_t>(key));
  append_u16(out, value.size());
  out += value;
}

}  // namespace

bool ServiceWriter::put_ptr(const Owner& owner, const View& view, registry::Protocol protocol, Bytes instances) {
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

std::string svcb_rdata(const ServiceAnswers& answers, const Member& member, dns::Type type) {
  const auto append_unless_empty = [](std::string& out, SvcParam key, std::string_view value) {
    if (!value.empty()) append_param(out, key, value);
  };
  const Bytes srv = answers.octets(member.srv.at, member.srv.size);
  std::string rdata;
  append_u16(rdata, std::max<std::size_t>(1, member.priority));  // 0 would mean an alias (RFC 9460 §2.4.1)
  rdata += text_of(srv.subspan(k_target_in_srv));
  append_param(rdata, SvcParam::alpn, alpn_value(*member.instance));
  // Without it a client may try http/1.1 as well, over TCP (RFC 9460 §7.1.1, §9.2).
  const bool is_udp = member.instance->protocol() == registry::Protocol::udp;
  if (type == dns::Type::https && is_udp) append_param(rdata, SvcParam::no_default_alpn, {});
  append_param(rdata, SvcParam::port, text_of(srv.subspan(4, 2)));
  append_unless_empty(rdata, SvcParam::ipv4hint, text_of(answers.addresses(member, Family::v4)));
  append_unless_empty(rdata, SvcParam::ipv6hint, text_of(answers.addresses(member, Family::v6)));
  return rdata;
}

// The live members that have a record of the type. `ttl`: as the earliest of their leases allows.
std::span<const std::uint32_t> ServiceWriter::live_offering(const View& view, dns::Type type, std::uint32_t& ttl) {
  const std::span<const std::uint32_t> live = live_members(view, ttl);
  if (live.data() != scratch_.live.data()) scratch_.live.assign(live.begin(), live.end());
  std::erase_if(scratch_.live, [&](std::uint32_t i) { return !offers_tls(*answers_.member(i).instance, type); });
  registry::LeaseTime earliest = registry::LeaseTime::max();
  for (const std::uint32_t i : scratch_.live) {
    earliest = std::min(earliest, answers_.member(i).instance->lease.expires_at());
  }
  if (!scratch_.live.empty()) ttl = ttl_until(earliest);
  return scratch_.live;
}

bool ServiceWriter::put_svcb(const Owner& owner, const View& view, dns::Type type) {
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
