#include "answer/roster/service_parts.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>

#include "answer/roster/member_labels.h"
#include "answer/roster/tls_offer.h"
#include "base/ascii_case.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

constexpr std::size_t k_record_fixed = 12;  // compressed owner, type, class, TTL, RDLENGTH
constexpr std::size_t k_port_in_srv = 4;    // behind priority and weight

// What there is room for at once: most members are in the list of all and in those of a few tags.
constexpr std::size_t k_lists_of_member = 4;
constexpr std::size_t k_tags_usual = 8;

std::uint8_t* put_u16(std::uint8_t* to, std::uint16_t value) {
  store_u16(to, value);
  return to + 2;
}

std::uint8_t* put(std::uint8_t* to, Bytes octets) {
  if (!octets.empty()) std::memcpy(to, octets.data(), octets.size());
  return to + octets.size();
}

void append(std::vector<std::uint8_t>& octets, std::string_view text) {
  octets.insert(octets.end(), text.begin(), text.end());
}

enum class SvcParam : std::uint16_t {
  alpn = 1,
  no_default_alpn = 2,
  port = 3,
  ipv4hint = 4,
  ipv6hint = 6
};  // RFC 9460 §14.3.2

void append_u16(std::vector<std::uint8_t>& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void append_param(std::vector<std::uint8_t>& out, SvcParam key, std::string_view value) {
  append_u16(out, static_cast<std::size_t>(key));
  append_u16(out, value.size());
  append(out, value);
}

ServiceParts::Listed listed(Bytes octets, std::uint32_t weight) {
  ServiceParts::Listed entry{.weight = weight, .octets = text_of(octets)};
  for (const std::uint8_t octet : octets) {
    entry.high = entry.high << 8 | entry.low >> 56;
    entry.low = entry.low << 8 | octet;
  }
  return entry;
}

// What a string of a TXT record can carry (RFC 6763 §6.1, §6.4): all pairs of the native API, and most of other doors.
bool is_told(std::string_view key, std::string_view value) {
  return key.size() + 1 + value.size() <= limits::k_txt_string_bytes_max && !key.empty() && !key.contains('=');
}

std::uint8_t fold(char c) { return dns::fold(static_cast<std::uint8_t>(c)); }

}  // namespace

bool comes_before(std::string_view label, std::string_view other) noexcept {
  return std::ranges::lexicographical_compare(label, other, {}, fold, fold);
}

ServiceParts::ServiceParts(const registry::Service& its_service, std::string_view its_label, const dns::Name& apex,
                           Answered its_answered)
    : service(its_service), service_label(its_label), answered(its_answered) {
  append(octets, service_label);
  add_members(apex);
  const std::size_t listings = members.size() * k_lists_of_member;
  octets.reserve(octets.size() + listings * octets_of(Family::v4));
  weights.reserve(listings);
  order.reserve(listings);
  listed_.reserve(members.size());
  std::vector<std::uint32_t> everybody(members.size());
  std::iota(everybody.begin(), everybody.end(), 0U);
  all = make_view(everybody);
  add_protocols();
  add_tags();
}

bool ServiceParts::is_answered(const registry::Instance& instance) const {
  return instance.status == registry::Status::ready ||
         (answered == Answered::ready_and_critical && instance.status == registry::Status::critical &&
          !instance.is_in_maintenance());
}

// Most ids are their own labels, and are in order.
void ServiceParts::add_members(const dns::Name& apex) {
  const std::optional<dns::Name> service_name = dns::Name::join(service_label, apex);
  check(service_name.has_value(), "a registered service has a name in its zone");
  const MemberLabels labels(service);
  const auto is_before = [&labels](const registry::Instance* a, const registry::Instance* b) {
    return comes_before(labels.of(*a), labels.of(*b));
  };
  std::vector<const registry::Instance*> by_label = service.instances;
  if (!std::ranges::is_sorted(by_label, is_before)) std::ranges::sort(by_label, is_before);
  members.reserve(by_label.size());
  records.reserve(by_label.size() * (k_target_in_srv + 1 + 16 + service_name->wire().size() + 4));
  for (const registry::Instance* instance : by_label) {
    add_member(*instance, labels.of(*instance), service_name->wire());
    protocols_of_members_ |= registry::to_set(instance->protocol());
    has_tags_ |= !instance->tags().empty();
    has_portless |= instance->port() == 0;
  }
}

// The name of a host is the target itself: one that were an alias to it would be none (RFC 2782).
std::string ServiceParts::host_target(const registry::Instance& instance) {
  if (instance.host().empty() || !instance.addresses().empty()) return {};
  const std::optional<dns::Name> host = dns::Name::parse(instance.host());
  return host && !host->is_root() ? std::string(text_of(host->wire())) : std::string();
}

void ServiceParts::add_member(const registry::Instance& instance, std::string_view label, Bytes service_name) {
  const std::string host = host_target(instance);
  const std::size_t target_bytes = host.empty() ? 1 + label.size() + service_name.size() : host.size();
  check(target_bytes <= limits::k_name_bytes_max, "a registered instance has a name in its zone");
  Member member{.instance = &instance,
                .record_at = static_cast<std::uint32_t>(records.size()),
                .texts_at = static_cast<std::uint32_t>(texts.size()),
                .srv_size = static_cast<std::uint16_t>(k_target_in_srv + target_bytes),
                .priority = instance.priority(),
                .weight = instance.weight()};
  const auto addresses = instance.addresses();
  for (const IpAddress& address : addresses) ++(address.is_v4() ? member.v4_count : member.v6_count);
  records.resize(records.size() + member.srv_size + member.v4_count * octets_of(Family::v4) +
                 member.v6_count * octets_of(Family::v6));
  std::uint8_t* to = records.data() + member.record_at;
  to = put_u16(to, instance.priority());
  to = put_u16(to, instance.weight());
  to = put_u16(to, instance.port());
  if (host.empty()) {
    *to++ = static_cast<std::uint8_t>(label.size());
    to = put(to, rollcall::octets(label));
    to = put(to, service_name);
  } else {
    to = put(to, rollcall::octets(host));
    member.has_host_target = true;
    has_hosts = true;
  }
  for (const bool want_v4 : {true, false}) {
    for (const IpAddress& address : addresses) {
      if (address.is_v4() == want_v4) to = put(to, address.bytes());
    }
  }
  check(to == records.data() + records.size(), "a member's record is as long as was reckoned");
  add_txt(member);
  add_svcb(member);
  members.push_back(member);
}

// `key=value` strings, in the order of the registration (RFC 6763 §6).
void ServiceParts::add_txt(Member& member) {
  const registry::PackedPairs meta = member.instance->meta();
  if (meta.empty()) return;
  std::size_t bytes = 0;
  for (const auto& [key, value] : meta) {
    if (is_told(key, value)) bytes += 2 + key.size() + value.size();
  }
  if (bytes == 0) return;
  if (texts.empty()) texts.reserve(bytes * service.instances.size());  // instances of a service are much alike
  const std::size_t begin = texts.size();
  texts.resize(begin + bytes);
  std::uint8_t* to = texts.data() + begin;
  for (const auto& [key, value] : meta) {
    if (!is_told(key, value)) continue;
    *to++ = static_cast<std::uint8_t>(key.size() + 1 + value.size());
    to = put(to, rollcall::octets(key));
    *to++ = '=';
    to = put(to, rollcall::octets(value));
  }
  check(to == texts.data() + texts.size() && bytes <= 0xffff, "a member's TXT is as long as was reckoned");
  member.txt_size = static_cast<std::uint16_t>(bytes);
}

void ServiceParts::add_svcb(Member& member) {
  if (member.txt_size == 0 || member.instance->port() == 0 || !offers_tls(*member.instance, dns::Type::svcb))
    return;  // without meta nothing is offered
  const std::string alpn = alpn_value(*member.instance);
  const std::size_t begin = texts.size();
  put_svcb(member, alpn, false);
  member.svcb_size = static_cast<std::uint16_t>(texts.size() - begin);
  if (!offers_tls(*member.instance, dns::Type::https)) return;
  member.https_size = member.svcb_size;
  // Without it a client may try http/1.1 as well, over TCP (RFC 9460 §7.1.1, §9.2).
  if (member.instance->protocol() != registry::Protocol::udp) return;
  const std::size_t https_begin = texts.size();
  put_svcb(member, alpn, true);
  member.https_size = static_cast<std::uint16_t>(texts.size() - https_begin);
  check(member.https_size > member.svcb_size, "an HTTPS record of its own is longer than the SVCB record");
}

// RFC 9460 §2.2: priority, target, parameters with ascending keys.
void ServiceParts::put_svcb(const Member& member, std::string_view alpn, bool has_no_default) {
  const Bytes srv = std::span(records).subspan(member.record_at, member.srv_size);
  append_u16(texts, std::max<std::uint16_t>(1, member.priority));  // 0 would mean an alias (RFC 9460 §2.4.1)
  append(texts, text_of(srv.subspan(k_target_in_srv)));
  append_param(texts, SvcParam::alpn, alpn);
  if (has_no_default) append_param(texts, SvcParam::no_default_alpn, {});
  append_param(texts, SvcParam::port, text_of(srv.subspan(k_port_in_srv, 2)));
  for (const Family family : {Family::v4, Family::v6}) {
    const Bytes hints = addresses(member, family);
    const SvcParam key = family == Family::v4 ? SvcParam::ipv4hint : SvcParam::ipv6hint;
    if (!hints.empty()) append_param(texts, key, text_of(hints));
  }
}

void ServiceParts::add_protocols() {
  for (const registry::Protocol protocol : {registry::Protocol::tcp, registry::Protocol::udp}) {
    const registry::ProtocolSet bit = registry::to_set(protocol);
    if (members.empty() || protocols_of_members_ == bit) continue;  // `all`
    std::vector<std::uint32_t> mine;
    if ((protocols_of_members_ & bit) != 0) {
      for (std::uint32_t i = 0; i < members.size(); ++i) {
        if (members[i].instance->protocol() == protocol) mine.push_back(i);
      }
    }
    views.push_back(make_view(mine));
    view_of[static_cast<std::size_t>(protocol)] = static_cast<std::uint8_t>(views.size());
  }
}

void ServiceParts::add_tags() {
  if (!has_tags_) return;
  std::vector<std::pair<std::string_view, std::uint32_t>> tagged;
  tagged.reserve(members.size() * k_lists_of_member);
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    for (const std::string_view tag : members[i].instance->tags()) {
      if (registry::is_tag_name(tag)) {
        tagged.emplace_back(tag, i);
      } else if (std::string folded = to_lower(tag); registry::is_tag_name(folded)) {
        tagged.emplace_back(folded_tags_.emplace_back(std::move(folded)), i);
      } else {
        has_free_tags = true;
      }
    }
  }
  std::ranges::sort(tagged);
  const auto repeats = std::ranges::unique(tagged);  // of one instance, case apart
  tagged.erase(repeats.begin(), repeats.end());
  by_tag.reserve(std::min(tagged.size(), k_tags_usual));
  std::vector<std::uint32_t> mine;
  mine.reserve(members.size());
  for (auto first = tagged.begin(); first != tagged.end();) {
    mine.clear();
    auto last = first;
    for (; last != tagged.end() && last->first == first->first; ++last) mine.push_back(last->second);
    by_tag.emplace_back(first->first, make_view(mine));
    first = last;
  }
}

View ServiceParts::make_view(std::span<const std::uint32_t> candidates) {
  View view;
  view.first = static_cast<std::uint32_t>(order.size());
  for (const std::uint32_t i : candidates) {
    if (is_answered(*members[i].instance)) order.push_back(i);
  }
  std::span<std::uint32_t> mine = std::span(order).subspan(view.first);
  const auto priority_of = [&](std::uint32_t i) { return members[i].priority; };
  if (!std::ranges::is_sorted(mine, {}, priority_of)) std::ranges::stable_sort(mine, {}, priority_of);
  const auto best_end =
      std::ranges::find_if(mine, [&](std::uint32_t i) { return priority_of(i) != priority_of(mine.front()); });
  const std::span<const std::uint32_t> best(mine.begin(), best_end);
  view.v4 = make_address_list(best, Family::v4);
  view.v6 = make_address_list(best, Family::v6);
  // Without a port there is no SRV record, and nothing that DNS-SD could find.
  const auto portless = std::ranges::remove_if(mine, [&](std::uint32_t i) { return members[i].instance->port() == 0; });
  order.resize(order.size() - portless.size());
  mine = std::span(order).subspan(view.first);
  view.count = static_cast<std::uint32_t>(mine.size());
  view.is_weightless = !mine.empty();
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const Member& here = members[mine[i]];
    if (here.weight != 0) view.is_weightless = false;
    if (here.svcb_size != 0) view.has_svcb = true;
    if (here.https_size != 0) view.has_https = true;
    view.srv_bytes += static_cast<std::uint32_t>(k_record_fixed + here.srv_size);
    const bool same_group = i > 0 && members[mine[i - 1]].priority == here.priority;
    if (same_group && members[mine[i - 1]].weight != here.weight) view.equal_weights = false;
  }
  return view;
}

// RFC 2181 §5: an RRset has no repeats. Instances that share an address (several ports of one host) count together.
AddressList ServiceParts::make_address_list(std::span<const std::uint32_t> best, Family family) {
  AddressList list{.at = static_cast<std::uint32_t>(octets.size()),
                   .weights_at = static_cast<std::uint32_t>(weights.size())};
  std::vector<Listed>& found = listed_;
  found.clear();
  for (const std::uint32_t i : best) {
    const Bytes own = addresses(members[i], family);
    for (std::size_t at = 0; at < own.size(); at += octets_of(family)) {
      found.push_back(listed(own.subspan(at, octets_of(family)), members[i].weight));
    }
  }
  if (found.empty()) return list;
  const auto address_of = [](const Listed& entry) { return std::tie(entry.high, entry.low); };
  if (!std::ranges::is_sorted(found, {}, address_of)) std::ranges::sort(found, {}, address_of);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i > 0 && address_of(found[i - 1]) == address_of(found[i])) {
      weights.back() += found[i].weight;
      continue;
    }
    append(octets, found[i].octets);
    weights.push_back(found[i].weight);
    ++list.count;
  }
  const std::span<const std::uint32_t> mine = std::span(weights).subspan(list.weights_at);
  list.equal_weights = std::ranges::adjacent_find(mine, std::ranges::not_equal_to{}) == mine.end();
  return list;
}

std::span<const std::uint8_t> ServiceParts::addresses(const Member& member, Family family) const {
  const std::size_t v4_bytes = member.v4_count * octets_of(Family::v4);
  const std::span<const std::uint8_t> behind =
      std::span(records).subspan(std::size_t{member.record_at} + member.srv_size);
  return family == Family::v4 ? behind.first(v4_bytes)
                              : behind.subspan(v4_bytes, member.v6_count * octets_of(Family::v6));
}

}  // namespace rollcall::answer
