// A service's answers, built once when the service changes: everything a query needs, in wire form, side by side.
//
// Shape    members (every instance, sorted by label), each with its SRV RDATA and its addresses as octets; views (the
//          whole service, one protocol, one tag), each the list of its ready members in a stable order with their
//          best priority first, and that priority's addresses without repeats. A query copies what it wants in the
//          order it wants, and writes owner and TTL itself.
// Leases   `earliest_end` is a lower bound of every ready member's deadline. Leases only grow, so the bound is
//          refreshed, by reading them all, only when `now + ttl` reaches it; the same reading leaves out whoever is
//          past its deadline. So an answer is exact even when the sweep is late.
// Owner    the Roster; borrows the instances, which outlive it (registry/ports.h).
// Threads  immutable but for the bound, which any reader may refresh.
// Source   RFC 2782, RFC 2181 §5; interface.md §2-3.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer/policy.h"
#include "answer/protection.h"
#include "base/bytes.h"
#include "base/rcu.h"
#include "dns/name.h"
#include "registry/instance.h"

namespace rollcall::answer {

// Offset and size of a run in ServiceAnswers' octets.
struct Run {
  std::uint32_t at = 0;
  std::uint16_t size = 0;
};

struct Member {
  const registry::Instance* instance = nullptr;
  Run srv;                         // RDATA of SRV: priority, weight, port, target (never compressed: RFC 2782)
  std::uint32_t addresses_at = 0;  // IPv4 addresses, four octets each, then IPv6 addresses, sixteen each
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint8_t v4_count = 0;
  std::uint8_t v6_count = 0;
};

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
  AddressList v4;               // of the best priority
  AddressList v6;
};

enum class Family : std::uint8_t { v4, v6 };
[[nodiscard]] constexpr std::size_t octets_of(Family family) { return family == Family::v4 ? 4 : 16; }

// Until when caches may hold answers about a service: one per service, handed on from snapshot to snapshot.
//
// Threads  any. It is written at most once in k_handout_step by all of them together, and may say as much more, but never
//          more than the longest TTL given from now.
class Handout {
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

// What a service's snapshots share.
struct Continuity {
  Handout handout;
  Protection protection;
};

class ServiceAnswers final : public rcu::Entry {
 public:
  ServiceAnswers(const registry::Service& service, const dns::Name& apex, const AnswerPolicy& policy,
                 std::shared_ptr<Continuity> continuity = std::make_shared<Continuity>());

  // What is answered now: this, or what its protection makes of it.
  [[nodiscard]] const ServiceAnswers& as_of(registry::LeaseTime now) const noexcept {
    if (protected_ == nullptr) [[likely]]
      return *this;
    return continuity_->protection.is_active(now, policy_.protect_for) ? *protected_ : *this;
  }
  // Critical instances are answered as if they were ready.
  [[nodiscard]] bool is_protected() const { return is_protected_; }

  using Key = registry::ServiceRef;
  [[nodiscard]] Key key() const { return service_.ref(); }
  [[nodiscard]] bool has_key(const Key& other) const { return key() == other; }
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept { return registry::hash_of(key); }

  [[nodiscard]] const AnswerPolicy& policy() const { return policy_; }

  // An answer with members of a view is given, for this long.
  void note_handout(registry::LeaseTime now, std::uint32_t ttl) const noexcept { continuity_->handout.note(now, ttl); }
  [[nodiscard]] const Handout& handout() const { return continuity_->handout; }
  [[nodiscard]] const std::shared_ptr<Continuity>& continuity() const { return continuity_; }

  [[nodiscard]] registry::ProtocolSet protocols() const { return protocols_; }
  [[nodiscard]] const View& all() const { return all_; }
  // Null: the service has not been seen with this protocol.
  [[nodiscard]] const View* find_protocol(registry::Protocol protocol) const;
  // Null: no instance has the tag. The label is folded.
  [[nodiscard]] const View* find_tag(std::string_view folded_label) const;
  [[nodiscard]] bool has_tags() const { return !by_tag_.empty(); }
  [[nodiscard]] std::vector<const registry::Instance*> instances() const;
  // Null: no instance has the label, in any case of its letters.
  [[nodiscard]] const Member* find_member(std::string_view folded_label) const;

  // The view's ready members: by priority, then by label; positions for `member`.
  [[nodiscard]] std::span<const std::uint32_t> order_of(const View& view) const {
    return {order_.data() + view.first, view.count};
  }
  [[nodiscard]] const Member& member(std::uint32_t position) const { return members_[position]; }
  [[nodiscard]] Bytes octets(std::size_t at, std::size_t size) const { return {octets_.data() + at, size}; }
  [[nodiscard]] Bytes addresses(const Member& member, Family family) const;
  [[nodiscard]] std::span<const std::uint32_t> weights(const AddressList& list) const {
    return {weights_.data() + list.weights_at, list.count};
  }

  // Whether no ready member's lease can end before `until`. Refreshes the bound when it has been reached.
  [[nodiscard]] bool all_leases_reach(registry::LeaseTime until) const noexcept {
    const std::int64_t until_ns = until.time_since_epoch().count();
    if (earliest_end_ns_.load(std::memory_order_relaxed) >= until_ns) [[likely]]
      return true;
    return refresh_earliest_end() >= until_ns;
  }

 private:
  enum class Answered : std::uint8_t { ready, ready_and_critical };
  ServiceAnswers(const registry::Service& service, const dns::Name& apex, const AnswerPolicy& policy,
                 std::shared_ptr<Continuity> continuity, Answered answered);

  [[nodiscard]] bool is_answered(const registry::Instance& instance) const {
    return instance.status == registry::Status::ready ||
           (is_protected_ && instance.status == registry::Status::critical);
  }
  void build(const registry::Service& service, const dns::Name& apex);
  std::int64_t refresh_earliest_end() const noexcept;
  void add_member(const registry::Instance& instance, const dns::Name& service_name);
  [[nodiscard]] View make_view(auto&& accepts);
  [[nodiscard]] AddressList make_address_list(std::span<const std::uint32_t> best, Family family);

  registry::ServiceKey service_;
  AnswerPolicy policy_;
  std::shared_ptr<Continuity> continuity_;
  const bool is_protected_ = false;
  std::unique_ptr<const ServiceAnswers> protected_;  // the same service with more members, while it is short
  registry::ProtocolSet protocols_ = 0;
  std::vector<Member> members_;
  std::vector<std::uint8_t> octets_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> weights_;
  View all_;
  View by_protocol_[2];
  std::vector<std::pair<std::string, View>> by_tag_;  // sorted
  mutable std::atomic<std::int64_t> earliest_end_ns_;
};

}  // namespace rollcall::answer
