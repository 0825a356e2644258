#include "answer/encode/service_collector.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "answer/encode/member_records.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
struct ServiceCollector::AddressChoice {
  Bytes octets;
  std::span<const std::uint32_t> weights;
  bool equal_weights = true;
  std::uint32_t ttl = 0;
};

std::uint32_t ServiceCollector::ttl_until(registry::LeaseTime end) const {
  const std::int64_t left = std::chrono::floor<std::chrono::seconds>(end - now_).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, full_ttl()));
}

std::uint32_t ServiceCollector::ttl_of(const Member& member) const {
  return ttl_until(member.instance->lease.cached_until(now_));
}

bool ServiceCollector::leases_reach_full_ttl() const {
  return answers_.all_leases_reach(now_ + std::chrono::seconds(full_ttl()), now_);
}

bool ServiceCollector::has_live(const View& view) const {
  if (view.count == 0) return false;
  if (leases_reach_full_ttl()) [[likely]]
    return true;
  return std::ranges::any_of(answers_.order_of(view), [&](std::uint32_t i) { return is_live(answers_.member(i)); });
}

// The view's members less those whose lease has ended, and the TTL that suits them all.
std::span<const std::uint32_t> ServiceCollector::live_members(const View& view, std::uint32_t& ttl) {
  const std::span<const std::uint32_t> all = answers_.order_of(view);
  ttl = full_ttl();
  if (leases_reach_full_ttl()) [[likely]] {
    if (!all.empty()) note_answered(ttl);
    return all;
  }
  scratch_.live.clear();
  registry::LeaseTime earliest = registry::LeaseTime::max();
  for (const std::uint32_t i : all) {
    const registry::Lease& lease = answers_.member(i).instance->lease;
    if (!lease.is_alive(now_)) continue;
    scratch_.live.push_back(i);
    earliest = std::min(earliest, lease.cached_until(now_));
  }
  if (!scratch_.live.empty()) {
    ttl = ttl_until(earliest);
    note_answered(ttl);
  }
  return scratch_.live;
}

ServiceCollector::AddressChoice ServiceCollector::choose_addresses(const View& view, Family family) {
  const AddressList& list = family == Family::v4 ? view.v4 : view.v6;
  if (leases_reach_full_ttl()) [[likely]] {
    if (list.count > 0) note_answered(full_ttl());
    return {answers_.octets(list.at, list.count * octets_of(family)), answers_.weights(list), list.equal_weights,
            full_ttl()};
  }
  // Some lease ends soon: read every one, and take the best priority of those who are left.
  std::uint32_t unused = 0;
  const std::span<const std::uint32_t> live = live_members(view, unused);
  registry::LeaseTime earliest = registry::LeaseTime::max();
  std::size_t best = 0;
  for (; best < live.size() && answers_.member(live[best]).priority == answers_.member(live.front()).priority; ++best) {
    const Member& member = answers_.member(live[best]);
    if (!answers_.addresses(member, family).empty()) {
      earliest = std::min(earliest, member.instance->lease.cached_until(now_));
    }
  }
  if (earliest == registry::LeaseTime::max()) return {};
  const std::uint32_t ttl = ttl_until(earliest);
  note_answered(ttl);
  if (live.size() == view.count) {
    return {answers_.octets(list.at, list.count * octets_of(family)), answers_.weights(list), list.equal_weights, ttl};
  }
  gather_addresses(live.first(best), family);
  return {scratch_.addresses, scratch_.weights, false, ttl};
}

// The addresses of these members, each once, with their weights summed: what a view has prebuilt while nobody is
// missing.
void ServiceCollector::gather_addresses(std::span<const std::uint32_t> members, Family family) {
  const std::size_t size = octets_of(family);
  scratch_.found.clear();
  for (const std::uint32_t i : members) {
    const Bytes own = answers_.addresses(answers_.member(i), family);
    for (std::size_t at = 0; at < own.size(); at += size) {
      Scratch::Found& found = scratch_.found.emplace_back();
      std::memcpy(found.address.data(), own.data() + at, size);
      found.weight = answers_.member(i).weight;
    }
  }
  scratch_.merge_found(size);
}

bool ServiceCollector::put_addresses(const Owner& owner, const View& view, Family family) {
  const AddressChoice choice = choose_addresses(view, family);
  const auto count = static_cast<std::uint32_t>(choice.weights.size());
  if (count == 0) return false;
  const std::uint32_t limit = answers_.policy().answer_limit;
  const std::uint32_t take = limit == 0 ? count : std::min(count, limit);
  sections_.add(Section::answer,
                {.owner = owner,
                 .type = type_of(family),
                 .ttl = choice.ttl,
                 .rdata = AddressRdata{choice.octets, choice.weights, take, choice.equal_weights}},
                take, take * address_record_bytes(family));
  return true;
}

bool ServiceCollector::put_srv(const Owner& owner, const View& view) {
  std::uint32_t ttl = 0;
  const std::span<const std::uint32_t> live = live_members(view, ttl);
  if (live.empty()) return false;
  const auto has_no_weight = [this](std::uint32_t i) { return answers_.member(i).weight == 0; };
  const bool is_weightless =
      view.is_weightless || (live.size() < view.count && std::ranges::all_of(live, has_no_weight));
  const std::uint32_t limit = answers_.policy().answer_limit;
  put_srv(owner,
          {.answers = &answers_,
           .members = live,
           .take = limit == 0 ? live.size() : std::min<std::size_t>(limit, live.size()),
           .bytes_max = view.srv_bytes,
           .equal_weights = view.equal_weights,
           .is_weightless = is_weightless},
          ttl);
  return true;
}

// With the addresses of the targets as additional records (RFC 2782).
void ServiceCollector::put_srv(const Owner& owner, const MemberRdata& rdata, std::uint32_t ttl) {
  sections_.add(Section::answer, {.owner = owner, .type = dns::Type::srv, .ttl = ttl, .rdata = rdata}, rdata.take,
                rdata.take * k_record_head_bytes);
  sections_.add(
      Section::additional,
      {.owner = {}, .type = dns::Type::a, .ttl = ttl, .fit = Fit::optional, .rdata = TargetAddresses{&answers_}},
      rdata.take, 0);
}

// --- One member ---

bool ServiceCollector::put_addresses(const Owner& owner, const Member& member, Family family) {
  const Bytes addresses = answers_.addresses(member, family);
  if (addresses.empty() || !is_live(member)) return false;
  const auto count = static_cast<std::uint32_t>(addresses.size() / octets_of(family));
  sections_.add(Section::answer,
                {.owner = owner,
                 .type = type_of(family),
                 .ttl = ttl_of(member),
                 .rdata = AddressRdata{.octets = addresses, .take = count}},
                count, count * address_record_bytes(family));
  return true;
}

bool ServiceCollector::put_srv(const Owner& owner, const Member& member) {
  if (!is_live(member) || member.instance->port() == 0) return false;
  scratch_.live.assign(1, static_cast<std::uint32_t>(&member - &answers_.member(0)));
  put_srv(owner, {.answers = &answers_, .members = scratch_.live, .take = 1, .bytes_max = srv_record_bytes(member)},
          ttl_of(member));
  return true;
}

bool ServiceCollector::put_txt(const Owner& owner, const Member& member) {
  if (!is_live(member)) return false;
  const std::size_t first = sections_.list_size();
  const Bytes rdata = answers_.txt(member);
  check(!rdata.empty(), "TXT has a string at least (RFC 1035 §3.3.14)");
  sections_.list(rdata);
  sections_.add(Section::answer,
                {.owner = owner, .type = dns::Type::txt, .ttl = ttl_of(member), .rdata = sections_.end_list(first)}, 1,
                k_record_head_bytes);
  return true;
}

// --- What the zone file's records point at ---

void ServiceCollector::put_additional(const Owner& owner, const View& view, Family family) {
  const AddressChoice choice = choose_addresses(view, family);
  const auto count = static_cast<std::uint32_t>(choice.weights.size());
  if (count == 0) return;
  const std::uint32_t limit = answers_.policy().answer_limit;
  const std::uint32_t take = limit == 0 ? count : std::min(count, limit);
  if (take * (k_record_fixed_bytes + octets_of(family)) > sections_.left()) return;
  const std::span<const std::uint32_t> order = choice.equal_weights
                                                   ? scratch_.order.draw(count, take, random_)
                                                   : scratch_.order.draw(choice.weights, take, random_);
  put_additional_set(owner, family, choice.ttl, choice.octets, order);
}

void ServiceCollector::put_additional(const Owner& owner, const Member& member, Family family) {
  const Bytes octets = answers_.addresses(member, family);
  if (octets.empty() || !is_live(member)) return;
  const auto count = static_cast<std::uint32_t>(octets.size() / octets_of(family));
  scratch_.chosen.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) scratch_.chosen[i] = i;
  put_additional_set(owner, family, ttl_of(member), octets, scratch_.chosen);
}

// The addresses are copied: the next set may be made in the same Scratch.
void ServiceCollector::put_additional_set(const Owner& owner, Family family, std::uint32_t ttl, Bytes octets,
                                          std::span<const std::uint32_t> order) {
  const std::size_t size = octets_of(family);
  const WritableBytes kept = sections_.reserve(order.size() * size);
  if (kept.empty()) return;
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::memcpy(kept.data() + i * size, octets.data() + order[i] * size, size);
  }
  const auto count = static_cast<std::uint32_t>(order.size());
  sections_.add(Section::additional,
                {.owner = owner,
                 .type = type_of(family),
                 .ttl = ttl,
                 .fit = Fit::optional,
                 .rdata = AddressRdata{.octets = kept, .take = count}},
                count, count * (k_record_fixed_bytes + size));
}

}  // namespace rollcall::answer
