#include "answer/service_answers.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

constexpr std::size_t k_srv_fixed = 6;      // priority, weight, port
constexpr std::size_t k_record_fixed = 12;  // compressed owner, type, class, TTL, RDLENGTH

void append_u16(std::vector<std::uint8_t>& octets, std::uint16_t value) {
  octets.push_back(static_cast<std::uint8_t>(value >> 8));
  octets.push_back(static_cast<std::uint8_t>(value));
}

std::string fold_text(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) c = static_cast<char>(dns::fold(static_cast<std::uint8_t>(c)));
  return folded;
}

bool has_tag(const registry::Instance& instance, std::string_view tag) {
  return std::ranges::binary_search(instance.registration.tags, tag, {},
                                    [](const std::string& t) -> std::string_view { return t; });
}

// Of those that are not asked to leave, too few are ready.
bool is_short(const registry::Service& service, const AnswerPolicy& policy) {
  if (policy.protect_permille == 0) return false;
  const auto count = [&](registry::Status status) {
    return std::ranges::count(service.instances, status, &registry::Instance::status);
  };
  const auto ready = count(registry::Status::ready);
  const auto critical = count(registry::Status::critical);
  return critical > 0 && ready * 1000 < (ready + critical) * policy.protect_permille;
}

}  // namespace

void Handout::raise(std::int64_t until, std::uint32_t ttl) noexcept {
  std::uint32_t longest = longest_ttl_.load(std::memory_order_relaxed);
  while (longest < ttl && !longest_ttl_.compare_exchange_weak(longest, ttl, std::memory_order_relaxed)) {
  }
  const std::int64_t ahead = until + std::chrono::nanoseconds(limits::k_handout_step).count();
  std::int64_t seen = until_ns_.load(std::memory_order_relaxed);
  while (seen < until && !until_ns_.compare_exchange_weak(seen, ahead, std::memory_order_relaxed)) {
  }
}

registry::LeaseTime Handout::until(registry::LeaseTime now) const noexcept {
  const registry::LeaseTime noted(registry::LeaseTime::duration(until_ns_.load(std::memory_order_relaxed)));
  return std::min(noted, now + std::chrono::seconds(longest_ttl_.load(std::memory_order_relaxed)));
}

ServiceAnswers::ServiceAnswers(const registry::Service& service, const dns::Name& apex, const AnswerPolicy& policy,
                               std::shared_ptr<Continuity> continuity, Answered answered)
    : service_(service.service),
      policy_(policy),
      continuity_(std::move(continuity)),
      is_protected_(answered == Answered::ready_and_critical),
      protocols_(service.protocols) {
  build(service, apex);
}

ServiceAnswers::ServiceAnswers(const registry::Service& service, const dns::Name& apex, const AnswerPolicy& policy,
                               std::shared_ptr<Continuity> continuity)
    : ServiceAnswers(service, apex, policy, std::move(continuity), Answered::ready) {
  if (is_short(service, policy)) {
    protected_.reset(new ServiceAnswers(service, apex, policy, continuity_, Answered::ready_and_critical));
  } else {
    continuity_->protection.end();
  }
}

void ServiceAnswers::build(const registry::Service& service, const dns::Name& apex) {
  const std::optional<dns::Name> service_name = dns::Name::join(service_.name, apex);
  check(service_name.has_value(), "a registered service has a name in its zone");

  std::vector<std::pair<std::string, const registry::Instance*>> by_label;
  by_label.reserve(service.instances.size());
  for (const registry::Instance* instance : service.instances) {
    by_label.emplace_back(fold_text(instance->label), instance);
  }
  std::ranges::sort(by_label);
  members_.reserve(by_label.size());
  for (const auto& [label, instance] : by_label) add_member(*instance, *service_name);

  all_ = make_view([](const registry::Instance&) { return true; });
  for (const registry::Protocol protocol : {registry::Protocol::tcp, registry::Protocol::udp}) {
    View& view = by_protocol_[static_cast<std::size_t>(protocol)];
    const bool has_all =
        std::ranges::all_of(members_, [&](const Member& m) { return m.instance->registration.protocol == protocol; });
    view = has_all ? all_ : make_view([&](const registry::Instance& i) { return i.registration.protocol == protocol; });
  }
  std::map<std::string, View> tags;
  for (const Member& m : members_) {
    for (const std::string& tag : m.instance->registration.tags) tags.try_emplace(tag);
  }
  for (auto& [tag, view] : tags) {
    view = make_view([&](const registry::Instance& instance) { return has_tag(instance, tag); });
    by_tag_.emplace_back(tag, view);
  }
  octets_.shrink_to_fit();
  order_.shrink_to_fit();
  weights_.shrink_to_fit();
  refresh_earliest_end();
}

void ServiceAnswers::add_member(const registry::Instance& instance, const dns::Name& service_name) {
  const registry::Registration& registration = instance.registration;
  const std::optional<dns::Name> target = dns::Name::join(instance.label, service_name);
  check(target.has_value(), "a registered instance has a name in its zone");
  Member member{.instance = &instance,
                .srv = {static_cast<std::uint32_t>(octets_.size()),
                        static_cast<std::uint16_t>(k_srv_fixed + target->wire().size())},
                .priority = registration.priority,
                .weight = registration.weight};
  append_u16(octets_, registration.priority);
  append_u16(octets_, registration.weight);
  append_u16(octets_, registration.port);
  octets_.insert(octets_.end(), target->wire().begin(), target->wire().end());
  member.addresses_at = static_cast<std::uint32_t>(octets_.size());
  for (const bool want_v4 : {true, false}) {
    for (const IpAddress& address : registration.addresses) {
      if (address.is_v4() != want_v4) continue;
      octets_.insert(octets_.end(), address.bytes().begin(), address.bytes().end());
      ++(want_v4 ? member.v4_count : member.v6_count);
    }
  }
  members_.push_back(member);
}

View ServiceAnswers::make_view(auto&& accepts) {
  View view;
  view.first = static_cast<std::uint32_t>(order_.size());
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    const registry::Instance& instance = *members_[i].instance;
    if (is_answered(instance) && accepts(instance)) order_.push_back(i);
  }
  view.count = static_cast<std::uint32_t>(order_.size() - view.first);
  const std::span<std::uint32_t> mine = std::span(order_).subspan(view.first);
  std::ranges::stable_sort(mine, {}, [&](std::uint32_t i) { return members_[i].priority; });
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const Member& here = members_[mine[i]];
    view.srv_bytes += static_cast<std::uint32_t>(k_record_fixed + here.srv.size);
    const bool same_group = i > 0 && members_[mine[i - 1]].priority == here.priority;
    if (same_group && members_[mine[i - 1]].weight != here.weight) view.equal_weights = false;
  }
  const auto best_end = std::ranges::find_if(
      mine, [&](std::uint32_t i) { return members_[i].priority != members_[mine.front()].priority; });
  const std::span<const std::uint32_t> best(mine.begin(), best_end);
  view.v4 = make_address_list(best, Family::v4);
  view.v6 = make_address_list(best, Family::v6);
  return view;
}

// RFC 2181 §5: an RRset has no repeats. Instances that share an address (several ports of one host) count together.
AddressList ServiceAnswers::make_address_list(std::span<const std::uint32_t> best, Family family) {
  std::vector<std::pair<std::string_view, std::uint32_t>> found;
  for (const std::uint32_t i : best) {
    const Bytes all = addresses(members_[i], family);
    for (std::size_t at = 0; at < all.size(); at += octets_of(family)) {
      found.emplace_back(std::string_view(reinterpret_cast<const char*>(all.data()) + at, octets_of(family)),
                         members_[i].weight);
    }
  }
  std::ranges::stable_sort(found, {}, [](const auto& entry) { return entry.first; });
  AddressList list{.at = static_cast<std::uint32_t>(octets_.size()),
                   .weights_at = static_cast<std::uint32_t>(weights_.size())};
  std::vector<std::uint8_t> unique;  // apart: `found` looks into octets_
  for (const auto& [address, weight] : found) {
    const std::string_view last =
        list.count == 0
            ? std::string_view()
            : std::string_view(reinterpret_cast<const char*>(unique.data()) + unique.size() - address.size(),
                               address.size());
    if (last == address) {
      weights_.back() += weight;
      continue;
    }
    unique.insert(unique.end(), address.begin(), address.end());
    weights_.push_back(weight);
    ++list.count;
  }
  octets_.insert(octets_.end(), unique.begin(), unique.end());
  const std::span<const std::uint32_t> mine = weights(list);
  list.equal_weights = std::ranges::adjacent_find(mine, std::ranges::not_equal_to{}) == mine.end();
  return list;
}

Bytes ServiceAnswers::addresses(const Member& member, Family family) const {
  const std::size_t v4_bytes = member.v4_count * octets_of(Family::v4);
  if (family == Family::v4) return octets(member.addresses_at, v4_bytes);
  return octets(member.addresses_at + v4_bytes, member.v6_count * octets_of(Family::v6));
}

const View* ServiceAnswers::find_protocol(registry::Protocol protocol) const {
  return (protocols_ & registry::to_set(protocol)) == 0 ? nullptr : &by_protocol_[static_cast<std::size_t>(protocol)];
}

const View* ServiceAnswers::find_tag(std::string_view folded_label) const {
  const auto at = std::ranges::lower_bound(by_tag_, folded_label, {},
                                           [](const auto& entry) -> std::string_view { return entry.first; });
  return at == by_tag_.end() || at->first != folded_label ? nullptr : &at->second;
}

const Member* ServiceAnswers::find_member(std::string_view folded_label) const {
  const auto comes_before = [](const Member& member, std::string_view folded) {
    return std::ranges::lexicographical_compare(
        member.instance->label, folded, {}, [](char c) { return dns::fold(static_cast<std::uint8_t>(c)); },
        [](char c) { return static_cast<std::uint8_t>(c); });
  };
  const auto at = std::lower_bound(members_.begin(), members_.end(), folded_label, comes_before);
  if (at == members_.end() || !registry::equal_but_for_case(at->instance->label, folded_label)) return nullptr;
  return &*at;
}

std::vector<const registry::Instance*> ServiceAnswers::instances() const {
  std::vector<const registry::Instance*> all;
  all.reserve(members_.size());
  for (const Member& member : members_) all.push_back(member.instance);
  return all;
}

std::int64_t ServiceAnswers::refresh_earliest_end() const noexcept {
  std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
  for (const std::uint32_t i : order_of(all_)) {
    earliest = std::min(earliest, members_[i].instance->lease.expires_at().time_since_epoch().count());
  }
  earliest_end_ns_.store(earliest, std::memory_order_relaxed);
  return earliest;
}

}  // namespace rollcall::answer
