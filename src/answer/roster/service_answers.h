// A service's answers, built once when the service changes: everything a query needs, in wire form, side by side in one
// block of memory, what the usual question reads first.
//
// Shape    members (every instance, sorted by label), each with the RDATA of its records; views (the whole service, one
//          protocol, one tag), each the list of its ready members in a stable order with their best priority first, and that
//          priority's addresses without repeats. A query copies what it wants in the order it wants, and writes owner and
//          TTL itself. The block, whose offsets count from the octets:
//
//            fields    lease bound, policy, the view of the whole service, where the parts begin
//            octets    label | addresses of each view: IPv4, 4 octets each; IPv6, 16 each | record of each member
//              record    SRV RDATA: priority 2, weight 2, port 2, target | its IPv4 addresses | its IPv6 addresses
//                        The target begins with the member's label; PTR has that label in front of the question's name.
//            members   one Member for each instance
//            tags      one TagView for each tag, sorted; the text of the tag is behind the records
//            views     of a protocol, where it is not the whole service
//            order     positions of members, view by view
//            weights   of the addresses, list by list
//            texts     of each member: TXT RDATA | SVCB RDATA | HTTPS RDATA, each only where there is one
//
//          What few ask for is behind all that many ask for. No part refers to its neighbours by place alone: each is found
//          by the offset in its Member or View.
// Leases   `earliest_end` is a lower bound of every ready member's deadline. A lease is only ever extended, so the bound is
//          computed again, by reading every lease, only when `now + ttl` reaches it. A member whose deadline has passed is
//          left out then, so an answer is correct even before the expiry sweep has removed it from the roll.
// Owner    the Roster; borrows the instances, which outlive it (registry/ports/ports.h).
// Threads  any, under rcu::ReadLock. Immutable but for the bound, which any reader may refresh.
// Failure  none: what a registration may contain is checked before it is on the roll; `make` asserts it.
// Source   RFC 2782, RFC 2181 §5, RFC 6763, RFC 9460.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "answer/roster/protection.h"
#include "answer/roster/service_types.h"
#include "answer/zone/policy.h"
#include "answer/zone/reverse_names.h"
#include "base/bytes.h"
#include "base/rcu.h"
#include "dns/name.h"
#include "dns/types.h"
#include "registry/instance/instance.h"

namespace rollcall::answer {

// One instance: where its octets are, and what the order of an answer needs. 32 octets.
struct Member {
  const registry::Instance* instance = nullptr;
  std::uint32_t record_at = 0;  // SRV RDATA (the target is never compressed: RFC 2782), then the addresses
  std::uint32_t texts_at = 0;   // TXT, SVCB, HTTPS
  std::uint16_t srv_size = 0;
  std::uint16_t txt_size = 0;    // 0: no meta, and TXT is one empty string (RFC 6763 §6.1)
  std::uint16_t svcb_size = 0;   // 0: it has no such record
  std::uint16_t https_size = 0;  // 0: it has no such record; the same as of SVCB: the same octets
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint8_t v4_count = 0;
  std::uint8_t v6_count = 0;
  bool has_host_target = false;  // its SRV points at the name of a host, where it has no address
};
static_assert(sizeof(Member) == 32);

inline constexpr std::size_t k_target_in_srv = 6;  // behind priority, weight, port

// Some addresses of one family, each once, with the summed weight of the members that have it.
struct AddressList {
  std::uint32_t at = 0;  // of the octets
  std::uint32_t count = 0;
  std::uint32_t weights_at = 0;
  bool equal_weights = true;
};

struct View {
  std::uint32_t first = 0;  // into the member order
  std::uint32_t count = 0;
  std::uint32_t srv_bytes = 0;  // of all SRV records of the view, with their fixed parts
  bool equal_weights = true;    // within each priority
  bool is_weightless = false;   // all have weight 0
  bool has_svcb = false;        // at least one has such a record
  bool has_https = false;
  AddressList v4;  // of the best priority
  AddressList v6;
};

// Where all weights are 0 the SRV records of a service show 1 (RFC 2782: equal shares, as before): HAProxy sends nobody to a
// server of weight 0, not even when there is no other. `srv`: the RDATA of a member, where it has been put.
inline constexpr std::size_t k_weight_in_srv = 2;  // behind the priority
inline void show_weight(bool is_weightless, std::uint8_t* srv) noexcept {
  if (is_weightless) [[unlikely]]
    store_u16(srv + k_weight_in_srv, 1);
}

enum class Family : std::uint8_t { v4, v6 };
[[nodiscard]] constexpr std::size_t octets_of(Family family) { return family == Family::v4 ? 4 : 16; }

// Until when a cache may still hold an answer about a service: a draining instance is safe to stop from then on. One per
// service, shared by its successive snapshots.
//
// Exact    to k_handout_step: so that workers do not write the same word for every answer, a write adds that much. It never
//          says more than `now` and the longest TTL that an answer had.
// Threads  any.
class AnsweredUntil {
 public:
  // An answer is given now, for this long.
  void note(registry::LeaseTime now, std::uint32_t ttl) noexcept {
    const std::int64_t until = (now + std::chrono::seconds(ttl)).time_since_epoch().count();
    if (until_ns_.load(std::memory_order_relaxed) >= until) [[likely]]
      return;
    raise(until, ttl);
  }
  [[nodiscard]] registry::LeaseTime until(registry::LeaseTime now) const noexcept;

 private:
  void raise(std::int64_t until, std::uint32_t ttl) noexcept;
  std::atomic<std::int64_t> until_ns_{0};
  std::atomic<std::uint32_t> longest_ttl_{0};
};

// What lives longer than a snapshot of the service, and is passed from each one to the next.
struct SharedState {
  AnsweredUntil answered;
  Protection protection;
  ServiceTypes::Listing listing;  // of the writer thread
};

// How long a view surely has a ready member.
struct Outlook {
  registry::LeaseTime end{};
  bool has_live = false;  // somebody is on the roll now, perhaps with a lease that is past (Lease::cached_until)
  bool is_whole = true;   // every lease has been read: there is nobody behind `end`
};

struct ServiceParts;  // service_parts.h

class ServiceAnswers final : public rcu::Entry {
 public:
  // `label`: of the service in the DNS.
  [[nodiscard]] static std::unique_ptr<ServiceAnswers> make(
      const registry::Service& service, std::string_view label, const dns::Name& apex, const AnswerPolicy& policy,
      std::shared_ptr<SharedState> shared_state = std::make_shared<SharedState>());
  static void operator delete(void* block) { ::operator delete(block); }

  // What is answered now: this, or what its protection makes of it.
  [[nodiscard]] const ServiceAnswers& as_of(registry::LeaseTime now) const noexcept {
    if (protected_ == nullptr) [[likely]]
      return *this;
    return shared_state_->protection.is_active(now, policy_.protect_for) ? *protected_ : *this;
  }
  // Critical instances are answered as if they were ready.
  [[nodiscard]] bool is_protected() const { return is_protected_; }
  // An instance has the name of a host, and no address.
  [[nodiscard]] bool has_hosts() const { return has_hosts_; }

  // An instance has no port: it is in no view's order, and is found among the members.
  [[nodiscard]] bool has_portless() const { return has_portless_; }
  // An instance has a tag that is no label: `find_tag` does not know it.
  [[nodiscard]] bool has_free_tags() const { return has_free_tags_; }

  using Key = registry::ServiceRef;
  // The name is the service's label in the DNS.
  [[nodiscard]] Key key() const { return {zone_, text(0, name_bytes_)}; }
  [[nodiscard]] bool has_key(const Key& other) const { return key() == other; }
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept { return registry::hash_of(key); }

  [[nodiscard]] const AnswerPolicy& policy() const { return policy_; }

  // An answer with members of a view is given, for this long.
  void note_answered(registry::LeaseTime now, std::uint32_t ttl) const noexcept {
    shared_state_->answered.note(now, ttl);
  }
  [[nodiscard]] const AnsweredUntil& answered() const { return shared_state_->answered; }
  [[nodiscard]] const std::shared_ptr<SharedState>& shared_state() const { return shared_state_; }

  [[nodiscard]] registry::ProtocolSet protocols() const { return protocols_; }
  [[nodiscard]] const View& all() const { return all_; }
  // Null: the service has not been seen with this protocol.
  [[nodiscard]] const View* find_protocol(registry::Protocol protocol) const;
  // Null: no instance has the tag. The label is folded.
  [[nodiscard]] const View* find_tag(std::string_view folded_label) const;
  [[nodiscard]] bool has_tags() const { return tag_count_ > 0; }
  // visit(label, view), sorted.
  template <std::invocable<std::string_view, const View&> F>
  void for_each_tag(F&& visit) const {
    for (const TagView& tag : tags()) visit(text(tag.tag_at, tag.tag_size), tag.view);
  }
  [[nodiscard]] std::vector<const registry::Instance*> instances() const;
  // Each instance with the label of its name.
  [[nodiscard]] std::vector<NamedInstance> named_instances() const;
  // Null: no instance has the label, in any case of its letters.
  [[nodiscard]] const Member* find_member(std::string_view folded_label) const;

  // The view's ready members: by priority, then by label; positions for `member`.
  [[nodiscard]] std::span<const std::uint32_t> order_of(const View& view) const {
    return {at<std::uint32_t>(order_at_) + view.first, view.count};
  }
  [[nodiscard]] const Member& member(std::uint32_t position) const { return at<Member>(members_at_)[position]; }
  // Every instance, sorted by label.
  [[nodiscard]] std::span<const Member> members() const { return {at<Member>(members_at_), member_count_}; }
  [[nodiscard]] Bytes octets(std::size_t offset, std::size_t size) const {
    return {at<std::uint8_t>(0) + offset, size};
  }
  // RDATA of a member's records.
  [[nodiscard]] Bytes srv(const Member& member) const { return octets(member.record_at, member.srv_size); }
  [[nodiscard]] Bytes txt(const Member& member) const;
  // SVCB or HTTPS (RFC 9460). Empty: it offers nothing of the kind (tls_offer.h).
  [[nodiscard]] Bytes svcb(const Member& member, dns::Type type) const;
  [[nodiscard]] Bytes addresses(const Member& member, Family family) const;
  // As in the target of its SRV: nearer than the instance's own.
  [[nodiscard]] std::string_view label_of(const Member& member) const {
    if (member.has_host_target) [[unlikely]]
      return member.instance->label();
    const char* target = at<char>(member.record_at + k_target_in_srv);
    return {target + 1, static_cast<std::uint8_t>(*target)};
  }
  [[nodiscard]] std::span<const std::uint32_t> weights(const AddressList& list) const {
    return {at<std::uint32_t>(weights_at_) + list.weights_at, list.count};
  }

  // Whether every ready member's lease lets an answer of `now` be cached until then. Refreshes the bound when it has been
  // reached.
  [[nodiscard]] bool all_leases_reach(registry::LeaseTime until, registry::LeaseTime now) const noexcept {
    const std::int64_t until_ns = until.time_since_epoch().count();
    if (earliest_end_ns_.load(std::memory_order_relaxed) >= until_ns) [[likely]]
      return true;
    return refresh_earliest_end(now) >= until_ns;
  }
  // Until when the view has a ready member, as far as that is not later than `until`. Reads k_outlook_leases_max leases at
  // most, so it may say less, never more.
  [[nodiscard]] Outlook outlook(const View& view, registry::LeaseTime now, registry::LeaseTime until) const noexcept;

 private:
  struct TagView {
    std::uint32_t tag_at;
    std::uint32_t tag_size;
    View view;
  };
  // Where the parts behind the fields begin, counted from the octets, which come first.
  struct Layout {
    std::uint32_t members_at;
    std::uint32_t tags_at;
    std::uint32_t views_at;
    std::uint32_t order_at;
    std::uint32_t weights_at;
    std::uint32_t texts_at;
    std::size_t bytes;
    explicit Layout(const ServiceParts& parts);
  };
  static std::unique_ptr<ServiceAnswers> make(const ServiceParts& parts, const AnswerPolicy& policy,
                                              std::shared_ptr<SharedState> shared_state);
  static void* operator new(std::size_t fixed, const Layout& room) { return ::operator new(fixed + room.bytes); }
  static void operator delete(void* block, const Layout&) { ::operator delete(block); }
  ServiceAnswers(const ServiceParts& parts, const Layout& layout, const AnswerPolicy& policy,
                 std::shared_ptr<SharedState> shared_state);

  template <class T>
  [[nodiscard]] const T* at(std::size_t offset) const {
    return reinterpret_cast<const T*>(reinterpret_cast<const char*>(this) + sizeof(ServiceAnswers) + offset);
  }
  [[nodiscard]] std::string_view text(std::size_t offset, std::size_t size) const { return {at<char>(offset), size}; }
  [[nodiscard]] std::span<const TagView> tags() const { return {at<TagView>(tags_at_), tag_count_}; }
  std::int64_t refresh_earliest_end(registry::LeaseTime now) const noexcept;

  mutable std::atomic<std::int64_t> earliest_end_ns_;
  std::shared_ptr<SharedState> shared_state_;
  std::unique_ptr<const ServiceAnswers> protected_;  // the same service with more members, while it is short
  AnswerPolicy policy_;
  View all_;
  std::uint32_t members_at_;
  std::uint32_t member_count_;
  std::uint32_t tags_at_;
  std::uint32_t tag_count_;
  std::uint32_t views_at_;
  std::uint32_t order_at_;
  std::uint32_t weights_at_;
  registry::ZoneId zone_;
  std::uint8_t name_bytes_;
  registry::ProtocolSet protocols_;
  std::array<std::uint8_t, 2> view_of_;  // by Protocol: 0: `all_`; else the view at this place, counted from 1
  bool is_protected_;
  bool has_hosts_;
  bool has_portless_;
  bool has_free_tags_;
};

}  // namespace rollcall::answer
