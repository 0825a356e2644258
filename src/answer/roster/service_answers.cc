#include "answer/roster/service_answers.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "answer/roster/service_parts.h"
#include "base/ascii_case.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

// While a lease that is held elsewhere is past, the bound holds for so long: else every answer would read every lease.
constexpr std::chrono::milliseconds k_overdue_look{10};

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

void AnsweredUntil::raise(std::int64_t until, std::uint32_t ttl) noexcept {
  std::uint32_t longest = longest_ttl_.load(std::memory_order_relaxed);
  while (longest < ttl && !longest_ttl_.compare_exchange_weak(longest, ttl, std::memory_order_relaxed)) {
  }
  const std::int64_t ahead = until + std::chrono::nanoseconds(limits::k_handout_step).count();
  std::int64_t seen = until_ns_.load(std::memory_order_relaxed);
  while (seen < until && !until_ns_.compare_exchange_weak(seen, ahead, std::memory_order_relaxed)) {
  }
}

registry::LeaseTime AnsweredUntil::until(registry::LeaseTime now) const noexcept {
  const registry::LeaseTime noted(registry::LeaseTime::duration(until_ns_.load(std::memory_order_relaxed)));
  return std::min(noted, now + std::chrono::seconds(longest_ttl_.load(std::memory_order_relaxed)));
}

std::unique_ptr<ServiceAnswers> ServiceAnswers::make(const registry::Service& service, std::string_view label,
                                                     const dns::Name& apex, const AnswerPolicy& policy,
                                                     std::shared_ptr<SharedState> shared_state) {
  using enum ServiceParts::Answered;
  check(policy.ttl_seconds > 0 && shared_state != nullptr,
        "a service is answered for a time, and has a state to share");
  std::unique_ptr<ServiceAnswers> made =
      make(ServiceParts(service, label, apex, ready), policy, std::move(shared_state));
  if (is_short(service, policy)) {
    made->protected_ = make(ServiceParts(service, label, apex, ready_and_critical), policy, made->shared_state_);
  } else {
    made->shared_state_->protection.end();
  }
  return made;
}

std::unique_ptr<ServiceAnswers> ServiceAnswers::make(const ServiceParts& parts, const AnswerPolicy& policy,
                                                     std::shared_ptr<SharedState> shared_state) {
  const Layout layout(parts);
  return std::unique_ptr<ServiceAnswers>(new (layout) ServiceAnswers(parts, layout, policy, std::move(shared_state)));
}

ServiceAnswers::Layout::Layout(const ServiceParts& parts) {
  std::size_t octets = parts.octets.size() + parts.records.size();
  for (const auto& [tag, view] : parts.by_tag) octets += tag.size();
  std::size_t next = octets;
  const auto place = [&](std::size_t count, std::size_t size, std::size_t alignment) {
    next = (next + alignment - 1) / alignment * alignment;
    return static_cast<std::uint32_t>(std::exchange(next, next + count * size));
  };
  static_assert(sizeof(ServiceAnswers) % alignof(Member) == 0);
  members_at = place(parts.members.size(), sizeof(Member), alignof(Member));
  tags_at = place(parts.by_tag.size(), sizeof(TagView), alignof(TagView));
  views_at = place(parts.views.size(), sizeof(View), alignof(View));
  order_at = place(parts.order.size(), sizeof(std::uint32_t), alignof(std::uint32_t));
  weights_at = place(parts.weights.size(), sizeof(std::uint32_t), alignof(std::uint32_t));
  texts_at = place(parts.texts.size(), 1, 1);
  bytes = next;
}

ServiceAnswers::ServiceAnswers(const ServiceParts& parts, const Layout& layout, const AnswerPolicy& policy,
                               std::shared_ptr<SharedState> shared_state)
    : shared_state_(std::move(shared_state)),
      policy_(policy),
      all_(parts.all),
      members_at_(layout.members_at),
      member_count_(static_cast<std::uint32_t>(parts.members.size())),
      tags_at_(layout.tags_at),
      tag_count_(static_cast<std::uint32_t>(parts.by_tag.size())),
      views_at_(layout.views_at),
      order_at_(layout.order_at),
      weights_at_(layout.weights_at),
      zone_(parts.service.service.zone),
      name_bytes_(static_cast<std::uint8_t>(parts.service_label.size())),
      protocols_(parts.service.protocols),
      view_of_(parts.view_of),
      is_protected_(parts.answered == ServiceParts::Answered::ready_and_critical),
      has_hosts_(parts.has_hosts),
      has_portless_(parts.has_portless),
      has_free_tags_(parts.has_free_tags) {
  char* const behind = reinterpret_cast<char*>(this) + sizeof(ServiceAnswers);
  const auto copy = [&](std::size_t offset, const auto& range) {
    if (!range.empty()) std::memcpy(behind + offset, range.data(), range.size() * sizeof(*range.data()));
    return offset + range.size() * sizeof(*range.data());
  };
  const std::size_t records_at = copy(0, parts.octets);
  std::size_t next = copy(records_at, parts.records);
  Member* member = reinterpret_cast<Member*>(behind + members_at_);
  for (const Member& made : parts.members) {
    Member* const here = new (member++) Member(made);
    here->record_at += static_cast<std::uint32_t>(records_at);
    here->texts_at += layout.texts_at;
  }
  TagView* tag = reinterpret_cast<TagView*>(behind + tags_at_);
  for (const auto& [name, view] : parts.by_tag) {
    new (tag++) TagView{static_cast<std::uint32_t>(next), static_cast<std::uint32_t>(name.size()), view};
    next = copy(next, name);
  }
  copy(views_at_, parts.views);
  copy(order_at_, parts.order);
  copy(weights_at_, parts.weights);
  const std::size_t end = copy(layout.texts_at, parts.texts);
  check(next <= members_at_ && end == layout.bytes, "the parts of a block end where the next begin");
  registry::LeaseTime earliest = registry::LeaseTime::max();
  for (const std::uint32_t i : order_of(all_))
    earliest = std::min(earliest, this->member(i).instance->lease.expires_at());
  earliest_end_ns_.store(earliest.time_since_epoch().count(), std::memory_order_relaxed);
}

Bytes ServiceAnswers::addresses(const Member& member, Family family) const {
  const std::size_t first = std::size_t{member.record_at} + member.srv_size;
  const std::size_t v4_bytes = member.v4_count * octets_of(Family::v4);
  if (family == Family::v4) return octets(first, v4_bytes);
  return octets(first + v4_bytes, member.v6_count * octets_of(Family::v6));
}

Bytes ServiceAnswers::txt(const Member& member) const {
  static constexpr std::uint8_t k_empty_string[] = {0};
  return member.txt_size == 0 ? Bytes(k_empty_string) : octets(member.texts_at, member.txt_size);
}

Bytes ServiceAnswers::svcb(const Member& member, dns::Type type) const {
  const std::size_t svcb_at = std::size_t{member.texts_at} + member.txt_size;
  if (type == dns::Type::svcb) return octets(svcb_at, member.svcb_size);
  return octets(member.https_size == member.svcb_size ? svcb_at : svcb_at + member.svcb_size, member.https_size);
}

const View* ServiceAnswers::find_protocol(registry::Protocol protocol) const {
  if ((protocols_ & registry::to_set(protocol)) == 0) return nullptr;
  const std::uint8_t place = view_of_[static_cast<std::size_t>(protocol)];
  return place == 0 ? &all_ : at<View>(views_at_) + place - 1;
}

const View* ServiceAnswers::find_tag(std::string_view folded_label) const {
  const auto tag_of = [this](const TagView& tagged) { return text(tagged.tag_at, tagged.tag_size); };
  const auto found = std::ranges::lower_bound(tags(), folded_label, {}, tag_of);
  return found == tags().end() || tag_of(*found) != folded_label ? nullptr : &found->view;
}

const Member* ServiceAnswers::find_member(std::string_view folded_label) const {
  const std::span<const Member> all = members();
  const auto found = std::lower_bound(
      all.begin(), all.end(), folded_label,
      [this](const Member& member, std::string_view label) { return comes_before(label_of(member), label); });
  if (found == all.end() || !equal_but_for_case(label_of(*found), folded_label)) return nullptr;
  return &*found;
}

std::vector<const registry::Instance*> ServiceAnswers::instances() const {
  std::vector<const registry::Instance*> all;
  all.reserve(member_count_);
  for (const Member& member : members()) all.push_back(member.instance);
  return all;
}

std::vector<NamedInstance> ServiceAnswers::named_instances() const {
  std::vector<NamedInstance> all;
  all.reserve(member_count_);
  for (const Member& member : members()) all.push_back({member.instance, label_of(member)});
  return all;
}

// Any member stands for the type: the latest end counts, not the earliest.
Outlook ServiceAnswers::outlook(const View& view, registry::LeaseTime now, registry::LeaseTime until) const noexcept {
  const bool all_reach = earliest_end_ns_.load(std::memory_order_relaxed) >= until.time_since_epoch().count();
  if (all_reach && view.count > 0) return {.end = until, .has_live = true};
  Outlook found{.is_whole = view.count <= limits::k_outlook_leases_max};
  for (const std::uint32_t i : order_of(view).first(std::min(view.count, limits::k_outlook_leases_max))) {
    const registry::Lease& lease = member(i).instance->lease;
    if (!lease.is_alive(now)) continue;
    found.has_live = true;
    found.end = std::max(found.end, lease.cached_until(now));
    if (found.end >= until) return {.end = until, .has_live = true};
  }
  return found;
}

std::int64_t ServiceAnswers::refresh_earliest_end(registry::LeaseTime now) const noexcept {
  registry::LeaseTime earliest = registry::LeaseTime::max();
  for (const std::uint32_t i : order_of(all_)) {
    const registry::Lease& lease = member(i).instance->lease;
    registry::LeaseTime until = lease.cached_until(now);
    if (until > lease.expires_at() && until > now) until += k_overdue_look;
    earliest = std::min(earliest, until);
  }
  const std::int64_t earliest_ns = earliest.time_since_epoch().count();
  earliest_end_ns_.store(earliest_ns, std::memory_order_relaxed);
  return earliest_ns;
}

}  // namespace rollcall::answer
