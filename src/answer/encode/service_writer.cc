#include "answer/encode/service_writer.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <string>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

dns::Type type_of(Family family) { return family == Family::v4 ? dns::Type::a : dns::Type::aaaa; }

}  // namespace

struct ServiceWriter::AddressChoice {
  Bytes octets;
  std::span<const std::uint32_t> weights;
  bool equal_weights = true;
  std::uint32_t ttl = 0;
};

std::uint32_t ServiceWriter::ttl_until(registry::LeaseTime end) const {
  const std::int64_t left = std::chrono::floor<std::chrono::seconds>(end - now_).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, full_ttl()));
}

bool ServiceWriter::leases_reach_full_ttl() const {
  return answers_.all_leases_reach(now_ + std::chrono::seconds(full_ttl()));
}

bool ServiceWriter::has_live(const View& view) const {
  if (view.count == 0) return false;
  if (leases_reach_full_ttl()) [[likely]]
    return true;
  return std::ranges::any_of(answers_.order_of(view), [&](std::uint32_t i) { return is_live(answers_.member(i)); });
}

// The view's members less those whose lease has ended, and the TTL that suits them all.
std::span<const std::uint32_t> ServiceWriter::live_members(const View& view, std::uint32_t& ttl) {
  const std::span<const std::uint32_t> all = answers_.order_of(view);
  ttl = full_ttl();
  if (leases_reach_full_ttl()) [[likely]] {
    if (!all.empty()) note_answered(ttl);
    return all;
  }
  scratch_.live.clear();
  registry::LeaseTime earliest = registry::LeaseTime::max();
  for (const std::uint32_t i : all) {
    const registry::LeaseTime end = answers_.member(i).instance->lease.expires_at();
    if (end <= now_) continue;
    scratch_.live.push_back(i);
    earliest = std::min(earliest, end);
  }
  if (!scratch_.live.empty()) {
    ttl = ttl_until(earliest);
    note_answered(ttl);
  }
  return scratch_.live;
}

ServiceWriter::AddressChoice ServiceWriter::choose_addresses(const View& view, Family family) {
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
      earliest = std::min(earliest, member.instance->lease.expires_at());
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
void ServiceWriter::gather_addresses(std::span<const std::uint32_t> members, Family family) {
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
  std::ranges::sort(scratch_.found, {}, &Scratch::Found::address);
  scratch_.addresses.clear();
  scratch_.weights.clear();
  for (std::size_t i = 0; i < scratch_.found.size(); ++i) {
    const Scratch::Found& found = scratch_.found[i];
    if (i > 0 && scratch_.found[i - 1].address == found.address) {
      scratch_.weights.back() += found.weight;
      continue;
    }
    scratch_.addresses.insert(scratch_.addresses.end(), found.address.begin(),
                              found.address.begin() + static_cast<std::ptrdiff_t>(size));
    scratch_.weights.push_back(found.weight);
  }
}

bool ServiceWriter::put_addresses(std::uint16_t owner_at, const View& view, Family family) {
  const AddressChoice choice = choose_addresses(view, family);
  const auto count = static_cast<std::uint32_t>(choice.weights.size());
  if (count == 0) return false;
  const std::size_t size = octets_of(family);
  const std::uint32_t limit = answers_.policy().answer_limit;
  std::uint32_t take = limit == 0 ? count : std::min(count, limit);
  const auto fitting = static_cast<std::uint32_t>(reply_.out().left() / (k_record_head_bytes + size));
  std::span<const std::uint32_t> order;
  const bool fits = take <= fitting;
  if (!fits) {
    reply_.set_truncated();
    take = fitting;
  }
  const bool is_stable = !fits && !reply_.is_varying();
  if (!is_stable && (take > 1 || take < count)) {
    order = choice.equal_weights ? scratch_.order.draw(count, take, random_)
                                 : scratch_.order.draw(choice.weights, take, random_);
  }
  const RecordHead head(owner_at, type_of(family), choice.ttl, size);
  for (std::uint32_t i = 0; i < take; ++i) {
    std::uint8_t* at = reply_.out().claim(k_record_head_bytes + size);
    head.copy_to(at);
    const std::size_t from = (order.empty() ? i : order[i]) * size;
    std::memcpy(at + k_record_head_bytes, choice.octets.data() + from, size);
  }
  reply_.count(Section::answer, take);
  return true;
}

bool ServiceWriter::put_srv(std::uint16_t owner_at, const View& view) {
  std::uint32_t ttl = 0;
  const std::span<const std::uint32_t> live = live_members(view, ttl);
  if (live.empty()) return false;
  const auto has_no_weight = [this](std::uint32_t i) { return answers_.member(i).weight == 0; };
  const bool is_weightless =
      view.is_weightless || (live.size() < view.count && std::ranges::all_of(live, has_no_weight));
  const std::uint32_t limit = answers_.policy().answer_limit;
  const std::size_t take = limit == 0 ? live.size() : std::min<std::size_t>(limit, live.size());
  const bool surely_fits = view.srv_bytes <= reply_.out().left();
  if (surely_fits || take < live.size() || reply_.is_varying()) {
    order_members(answers_, live, take, view.equal_weights, random_, scratch_);
    if (surely_fits || reply_.is_varying() || srv_bytes(scratch_.chosen) <= reply_.out().left()) {
      put_srv_records(owner_at, is_weightless, scratch_.chosen, ttl);
      return true;
    }
  }
  put_srv_records(owner_at, is_weightless, live.first(take), ttl);
  return true;
}

std::size_t ServiceWriter::srv_bytes(std::span<const std::uint32_t> members) const {
  std::size_t bytes = 0;
  for (const std::uint32_t i : members) bytes += k_record_head_bytes + answers_.member(i).srv.size;
  return bytes;
}

void ServiceWriter::put_srv_records(std::uint16_t owner_at, bool is_weightless, std::span<const std::uint32_t> members,
                                    std::uint32_t ttl) {
  scratch_.target_offsets.clear();
  for (const std::uint32_t i : members) {
    const Run run = answers_.member(i).srv;
    std::uint8_t* at = reply_.out().left() < k_record_head_bytes + run.size
                           ? nullptr
                           : reply_.out().claim(k_record_head_bytes + run.size);
    if (at == nullptr) {
      reply_.set_truncated();
      break;
    }
    const RecordHead head(owner_at, dns::Type::srv, ttl, run.size);
    head.copy_to(at);
    std::memcpy(at + k_record_head_bytes, answers_.octets(run.at, run.size).data(), run.size);
    show_weight(is_weightless, at + k_record_head_bytes);
    scratch_.target_offsets.push_back(reply_.out().size() - run.size + k_target_in_srv);
  }
  reply_.count(Section::answer, scratch_.target_offsets.size());
  if (!reply_.is_truncated()) put_additionals(members, ttl);
}

// RFC 2782: the addresses of the targets. Whole RRsets, in the order of the answer, until one does not fit.
void ServiceWriter::put_additionals(std::span<const std::uint32_t> members, std::uint32_t ttl) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::size_t target_at = scratch_.target_offsets[i];
    if (target_at >= k_pointer_reach) return;  // an owner written out would cost more than it helps over TCP
    const Member& member = answers_.member(members[i]);
    for (const Family family : {Family::v4, Family::v6}) {
      const Bytes addresses = answers_.addresses(member, family);
      if (addresses.empty()) continue;
      if (!put_address_set(Section::additional, static_cast<std::uint16_t>(target_at), family, addresses, ttl)) return;
    }
  }
}

bool ServiceWriter::put_address_set(Section section, std::uint16_t owner_at, Family family, Bytes octets,
                                    std::uint32_t ttl) {
  const std::size_t size = octets_of(family);
  const std::size_t count = octets.size() / size;
  if (reply_.out().left() < count * (k_record_head_bytes + size)) return false;
  const RecordHead head(owner_at, type_of(family), ttl, size);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t* at = reply_.out().claim(k_record_head_bytes + size);
    head.copy_to(at);
    std::memcpy(at + k_record_head_bytes, octets.data() + i * size, size);
  }
  reply_.count(section, count);
  return true;
}

// --- One member ---

bool ServiceWriter::put_addresses(std::uint16_t owner_at, const Member& member, Family family) {
  const Bytes addresses = answers_.addresses(member, family);
  if (addresses.empty() || !is_live(member)) return false;
  const std::uint32_t ttl = ttl_until(member.instance->lease.expires_at());
  const std::size_t fitting = reply_.out().left() / (k_record_head_bytes + octets_of(family));
  const std::size_t take = std::min(addresses.size(), fitting * octets_of(family));
  if (take < addresses.size()) reply_.set_truncated();
  return put_address_set(Section::answer, owner_at, family, addresses.first(take), ttl);
}

bool ServiceWriter::put_srv(std::uint16_t owner_at, const Member& member) {
  if (!is_live(member)) return false;
  const std::uint32_t ttl = ttl_until(member.instance->lease.expires_at());
  if (!reply_.put(Section::answer, owner_at, dns::Type::srv, ttl, answers_.octets(member.srv.at, member.srv.size))) {
    reply_.set_truncated();
    return true;
  }
  const std::size_t target_at = reply_.last_rdata_at() + k_target_in_srv;
  put_additional(static_cast<std::uint16_t>(target_at), member);
  return true;
}

void ServiceWriter::put_additional(std::uint16_t owner_at, const Member& member) {
  if (!is_live(member)) return;
  const std::uint32_t ttl = ttl_until(member.instance->lease.expires_at());
  for (const Family family : {Family::v4, Family::v6}) {
    const Bytes addresses = answers_.addresses(member, family);
    if (!addresses.empty()) put_address_set(Section::additional, owner_at, family, addresses, ttl);
  }
}

// --- What the zone file's records point at ---

void ServiceWriter::put_additional(const dns::Name& owner, const View& view, Family family) {
  const AddressChoice choice = choose_addresses(view, family);
  const auto count = static_cast<std::uint32_t>(choice.weights.size());
  if (count == 0) return;
  const std::uint32_t limit = answers_.policy().answer_limit;
  const std::uint32_t take = limit == 0 ? count : std::min(count, limit);
  const std::span<const std::uint32_t> order = choice.equal_weights
                                                   ? scratch_.order.draw(count, take, random_)
                                                   : scratch_.order.draw(choice.weights, take, random_);
  std::vector<std::string> addresses;
  for (const std::uint32_t i : order) {
    const Bytes address = choice.octets.subspan(i * octets_of(family), octets_of(family));
    addresses.emplace_back(address.begin(), address.end());
  }
  put_additional_set(owner, family, choice.ttl, std::move(addresses));
}

void ServiceWriter::put_additional(const dns::Name& owner, const Member& member, Family family) {
  const Bytes octets = answers_.addresses(member, family);
  std::vector<std::string> addresses;
  for (std::size_t at = 0; at < octets.size(); at += octets_of(family)) {
    const Bytes address = octets.subspan(at, octets_of(family));
    addresses.emplace_back(address.begin(), address.end());
  }
  if (!is_live(member)) return;
  put_additional_set(owner, family, ttl_until(member.instance->lease.expires_at()), std::move(addresses));
}

void ServiceWriter::put_additional_set(const dns::Name& owner, Family family, std::uint32_t ttl,
                                       std::vector<std::string> addresses) {
  const RRset rrset{type_of(family), ttl, std::move(addresses)};
  reply_.put_whole(Section::additional, owner, rrset, ttl);
}

bool ServiceWriter::put_txt(std::uint16_t owner_at, const Member& member) {
  if (!is_live(member)) return false;
  const std::string rdata = txt_rdata(*member.instance);
  const std::uint32_t ttl = ttl_until(member.instance->lease.expires_at());
  if (!reply_.put(Section::answer, owner_at, dns::Type::txt, ttl, octets(rdata))) reply_.set_truncated();
  return true;
}

std::string txt_rdata(const registry::Instance& instance) {
  std::string rdata;
  for (const auto& [key, value] : instance.meta()) {
    const std::size_t size = key.size() + 1 + value.size();
    check(size <= limits::k_txt_string_bytes_max, "a pair of meta fits in a string: registration.h");
    rdata.append(1, static_cast<char>(size)).append(key).append(1, '=').append(value);
  }
  if (rdata.empty()) rdata.append(1, '\0');
  return rdata;
}

}  // namespace rollcall::answer
