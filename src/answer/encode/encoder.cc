#include "answer/encode/encoder.h"

#include <algorithm>
#include <array>
#include <string>
#include <variant>

#include "answer/encode/member_records.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

Family family_of(dns::Type type) { return type == dns::Type::a ? Family::v4 : Family::v6; }

}  // namespace

bool Encoder::put() {
  reply_.set_authoritative(sections_.is_authoritative());
  if (sections_.is_cut_short()) reply_.set_truncated();
  if (const auto& why = sections_.explanation()) reply_.explain(why->code, why->text);
  for (const RRsetRef& set : sections_.of(Section::answer)) {
    if (!put_set(Section::answer, set)) {
      reply_.set_truncated();
      const RRsetRef& last = sections_.of(Section::answer).back();
      return !set.is_alias && &set == &last;
    }
    if (!set.is_alias) continue;
    current_at_ = reply_.last_rdata_at();
    if (current_at_ >= k_pointer_reach) return false;
  }
  for (const RRsetRef& set : sections_.of(Section::authority)) put_whole(Section::authority, set);
  for (const RRsetRef& set : sections_.of(Section::additional)) put_whole(Section::additional, set);
  return true;
}

void Encoder::put_whole(Section section, const RRsetRef& set) {
  if (reply_.is_truncated() && set.fit != Fit::required) return;
  const Reply::Mark before = reply_.mark();
  if (put_set(section, set)) return;
  reply_.rewind(before);
  if (set.fit == Fit::required) reply_.set_truncated();
}

bool Encoder::put_set(Section section, const RRsetRef& set) {
  return std::visit([&](const auto& rdata) { return put_rdata(section, set, rdata); }, set.rdata);
}

bool Encoder::put_record(Section section, const RRsetRef& set, Bytes rdata) {
  if (set.owner.is_current) return reply_.put(section, current_at_, set.type, set.ttl, rdata);
  return reply_.put(section, set.owner.name, set.type, set.ttl, rdata);
}

bool Encoder::put_rdata(Section section, const RRsetRef& set, const StaticRdata& rdata) {
  reply_.show_serial(rdata.serial);
  return std::ranges::all_of(rdata.rrset->rdatas,
                             [&](const std::string& each) { return put_record(section, set, octets(each)); });
}

bool Encoder::put_rdata(Section section, const RRsetRef& set, const ListedRdata& rdata) {
  std::array<std::uint8_t, limits::k_name_bytes_max> joined;
  for (std::size_t i = 0; i < rdata.count; ++i) {
    Bytes each = sections_.listed(rdata.first + i);
    if (!rdata.suffix.empty()) {
      ByteWriter out(joined);
      out.bytes(each);
      out.bytes(rdata.suffix);
      check(out.ok(), "a listed name is a name");
      each = out.written();
    }
    if (!put_record(section, set, each)) return false;
  }
  return true;
}

// --- Addresses ---

bool Encoder::put_rdata(Section section, const RRsetRef& set, const AddressRdata& rdata) {
  const Family family = family_of(set.type);
  const auto count = static_cast<std::uint32_t>(rdata.octets.size() / octets_of(family));
  check(rdata.take <= count, "no more addresses are answered than there are");
  if (!set.owner.is_current) {
    for (std::uint32_t i = 0; i < rdata.take; ++i) {
      if (!put_record(section, set, rdata.octets.subspan(i * octets_of(family), octets_of(family)))) return false;
    }
    return true;
  }
  const auto fitting = static_cast<std::uint32_t>(reply_.out().left() / address_record_bytes(family));
  const bool fits = rdata.take <= fitting;
  const std::uint32_t take = fits ? rdata.take : fitting;
  const bool is_stable = rdata.weights.empty() || (!fits && !reply_.is_varying());
  Positions order;
  if (!is_stable && (take > 1 || take < count)) {
    order = rdata.equal_weights ? scratch_.order.draw(count, take, random_)
                                : scratch_.order.draw(rdata.weights, take, random_);
  }
  std::uint8_t* at = reply_.out().claim(take * address_record_bytes(family));
  store_address_records(at, family, rdata.octets, take, order, current_at_, set.ttl);
  reply_.count(section, take);
  return fits;
}

// RFC 2782: the addresses of the targets. Whole RRsets, in the order of the answer, until one does not fit.
bool Encoder::put_rdata(Section section, const RRsetRef& set, const TargetAddresses& rdata) {
  check(put_members_.size() == scratch_.target_offsets.size(), "every SRV record that was put has its target");
  for (std::size_t i = 0; i < put_members_.size(); ++i) {
    const std::size_t target_at = scratch_.target_offsets[i];
    if (target_at >= k_pointer_reach) return true;  // an owner written out would cost more than it helps over TCP
    const Member& member = rdata.answers->member(put_members_[i]);
    for (const Family family : {Family::v4, Family::v6}) {
      const Bytes addresses = rdata.answers->addresses(member, family);
      const std::size_t count = addresses.size() / octets_of(family);
      if (reply_.out().left() < count * address_record_bytes(family)) return true;
      std::uint8_t* at = reply_.out().claim(count * address_record_bytes(family));
      store_address_records(at, family, addresses, count, {}, target_at, set.ttl);
      reply_.count(section, count);
    }
  }
  return true;
}

// --- Records of members ---

bool Encoder::put_rdata(Section section, const RRsetRef& set, const MemberRdata& rdata) {
  check(rdata.take > 0 && rdata.take <= rdata.members.size(), "some of the members are answered");
  if (set.type == dns::Type::ptr) return put_ptr_records(section, set, rdata);
  if (set.type == dns::Type::srv) return put_srv_records(section, set, rdata);
  for (const std::uint32_t i : arrange(rdata, set.type)) {
    if (!put_record(section, set, rdata.answers->svcb(rdata.answers->member(i), set.type))) return false;
  }
  return true;
}

std::size_t Encoder::bytes_of(const MemberRdata& rdata, Positions members, dns::Type type) const {
  std::size_t bytes = 0;
  for (const std::uint32_t i : members) {
    const Member& member = rdata.answers->member(i);
    bytes +=
        k_record_head_bytes + (type == dns::Type::srv ? member.srv_size : rdata.answers->svcb(member, type).size());
  }
  return bytes;
}

Encoder::Positions Encoder::arrange(const MemberRdata& rdata, dns::Type type) {
  const std::size_t left = reply_.out().left();
  const std::size_t bytes_max = rdata.bytes_max > 0 ? rdata.bytes_max : bytes_of(rdata, rdata.members, type);
  const bool surely_fits = bytes_max <= left;
  if (surely_fits || rdata.take < rdata.members.size() || reply_.is_varying()) {
    order_members(*rdata.answers, rdata.members, rdata.take, rdata.equal_weights, random_, scratch_);
    if (surely_fits || reply_.is_varying() || bytes_of(rdata, scratch_.chosen, type) <= left) return scratch_.chosen;
  }
  return rdata.members.first(rdata.take);
}

bool Encoder::put_srv_records(Section section, const RRsetRef& set, const MemberRdata& rdata) {
  check(set.owner.is_current, "SRV records of the roll are owned by the name that is answered");
  const Positions members = arrange(rdata, set.type);
  scratch_.target_offsets.clear();
  for (const std::uint32_t i : members) {
    const Member& member = rdata.answers->member(i);
    if (reply_.out().left() < srv_record_bytes(member)) break;
    scratch_.target_offsets.push_back(reply_.out().size() + k_target_in_srv_record);
    std::uint8_t* at = reply_.out().claim(srv_record_bytes(member));
    store_srv_record(at, *rdata.answers, member, rdata.is_weightless, current_at_, set.ttl);
  }
  put_members_ = members.first(scratch_.target_offsets.size());
  reply_.count(section, put_members_.size());
  return put_members_.size() == members.size();
}

// DNS-SD: from the view's name to each instance. Over TCP each query begins at another member.
bool Encoder::put_ptr_records(Section section, const RRsetRef& set, const MemberRdata& rdata) {
  const auto count = static_cast<std::uint32_t>(rdata.members.size());
  const std::uint32_t first = reply_.is_varying() ? random_.below(count) : 0;
  std::array<std::uint8_t, limits::k_name_bytes_max> target;
  for (std::uint32_t n = 0; n < count; ++n) {
    const Member& member = rdata.answers->member(rdata.members[(first + n) % count]);
    if (rdata.protocol && member.instance->protocol() != *rdata.protocol) continue;
    const std::string_view label = rdata.answers->label_of(member);
    ByteWriter out(target);
    out.u8(static_cast<std::uint8_t>(label.size()));
    out.bytes(octets(label));
    out.bytes(rdata.suffix);
    if (!out.ok()) continue;  // it has no such name
    if (!put_record(section, set, out.written())) return false;
  }
  return true;
}

}  // namespace rollcall::answer
