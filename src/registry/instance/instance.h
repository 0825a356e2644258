// Services and instances, as the registry stores them.
//
// Shape    a service is a name in a zone; an instance is one endpoint of it, with a lease. Everything here except the
//          lease is immutable once published; a change creates a new Instance and a new Service snapshot.
// Owner    the Registry's tables; freed through RCU after the last reader.
// Threads  readers under rcu::ReadLock; values (keys, Registration) anywhere.
// Source   interface.md §2.
#pragma once

#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/rcu.h"
#include "base/timing_wheel.h"
#include "health/check_result.h"
#include "health/plan.h"
#include "registry/instance/lease.h"
#include "registry/instance/packed_list.h"

namespace rollcall::registry {

// A zone's number in the ZoneDirectory; it does not change while the process runs.
enum class ZoneId : std::uint32_t {};

// Counts changes of the registry. Each visible change of a service takes the next index, and the service shows the
// index of its last change. Indexes survive restarts.
using ChangeIndex = std::uint64_t;

// Identifies the version of an instance that a check or probe examined. Checks run on another thread and their results
// are applied later: a result that names another version than the present one is ignored.
//
// Shape    one more than the change index at which the current plan, addresses and lease were set; zero: the instance
//          has no plan and is not checked.
enum class CheckedSince : ChangeIndex {};

using rollcall::WallTime;

enum class Protocol : std::uint8_t { tcp, udp };
[[nodiscard]] std::string_view to_text(Protocol protocol);  // "tcp", "udp"

enum class Status : std::uint8_t {
  ready,     // answered
  draining,  // left out of the service's answers; its own name is still answered
  critical,  // a health check failed; answered like draining
};
[[nodiscard]] std::string_view to_text(Status status);

// Drain state and check results of an instance. Its status is the worst of both: draining, critical, ready.
struct Standing {
  Standing() = default;
  // Status::critical is stored as a critical result of the plan's check.
  Standing(Status status, WallTime since_when = {});  // NOLINT(google-explicit-constructor): one of the plain ones

  bool is_draining = false;     // a client or operator asked for a drain
  WallTime since{};             // of the present status
  health::CheckResults checks;  // at most k_check_results_max

  [[nodiscard]] bool is_critical() const { return health::worst_of(checks) == health::CheckStatus::critical; }
  // Output of the first critical check.
  [[nodiscard]] std::string_view output() const;
  [[nodiscard]] Status status() const {
    if (is_draining) return Status::draining;
    return is_critical() ? Status::critical : Status::ready;
  }
  // Sets the combined result of the plan's checks; without output: set by hand. Passing removes the result.
  void set_plan_result(bool is_critical, std::string output, WallTime wall_now);
  friend bool operator==(const Standing&, const Standing&) = default;
};

// What happens when no heartbeat arrives within the ttl.
enum class LeaseKind : std::uint8_t {
  ends_instance,   // the instance is removed
  turns_critical,  // one of its checks becomes critical; the instance stays
  none,            // nothing: the instance needs no heartbeats
};
[[nodiscard]] std::string_view to_text(LeaseKind kind);  // "ends", "critical", "none"
[[nodiscard]] std::optional<LeaseKind> parse_lease_kind(std::string_view text);

// The API that registered an instance. It decides which field rules apply (registration.h).
enum class Door : std::uint8_t { native, consul, eureka };
[[nodiscard]] std::string_view to_text(Door door);  // as above
[[nodiscard]] std::optional<Door> parse_door(std::string_view text);

// A Key owns its text, a Ref borrows it; look-ups take a Ref.
struct ServiceRef {
  ZoneId zone;
  std::string_view name;  // folded
  friend auto operator<=>(const ServiceRef&, const ServiceRef&) = default;
};
struct ServiceKey {
  ZoneId zone{};
  std::string name;
  [[nodiscard]] ServiceRef ref() const { return {zone, name}; }
  friend auto operator<=>(const ServiceKey&, const ServiceKey&) = default;
};
[[nodiscard]] inline ServiceKey to_key(const ServiceRef& service) { return {service.zone, std::string(service.name)}; }
struct InstanceRef {
  ServiceRef service;
  std::string_view id;
  friend auto operator<=>(const InstanceRef&, const InstanceRef&) = default;
};
struct InstanceKey {
  ServiceKey service;
  std::string id;
  [[nodiscard]] InstanceRef ref() const { return {service.ref(), id}; }
  friend auto operator<=>(const InstanceKey&, const InstanceKey&) = default;
};

[[nodiscard]] std::uint64_t hash_of(const ServiceRef& key) noexcept;
// Ignores the case of the id, so ids with the same DNS label are in the same hash chain.
[[nodiscard]] std::uint64_t hash_of(const InstanceRef& key) noexcept;

// The fields a client registers: validated and normalised (registration.h), so equal values mean no change.
struct Registration {
  InstanceKey key;
  std::vector<IpAddress> addresses;  // as given, without duplicates; may be empty for Consul and Eureka
  std::uint16_t port = 0;            // 0: none
  Protocol protocol = Protocol::tcp;
  std::uint16_t priority = 1;
  std::uint16_t weight = 1;
  std::vector<std::string> tags;                          // folded, sorted, unique; Consul and Eureka: any text
  std::vector<std::pair<std::string, std::string>> meta;  // in the client's order, but `txtvers` first
  std::chrono::milliseconds ttl{};                        // zero: `lease` is none
  health::SharedPlan health = {};                         // checks that the server runs
  LeaseKind lease = LeaseKind::ends_instance;
  std::string lease_check = {};  // turns_critical: the id of the check
  std::string host = {};         // a host name, instead of `addresses`
  Door door = Door::native;
  std::string attributes = {};  // further fields of its API, as a JSON object; empty: none. Native: patched.h
  friend bool operator==(const Registration&, const Registration&) = default;
};

// The lease has run out, and its check is critical since: there is no lease until the check passes.
[[nodiscard]] bool is_overdue(const Registration& asked, const Standing& standing);

[[nodiscard]] inline CheckedSince checked_since(const Registration& asked, ChangeIndex index) {
  return asked.health ? CheckedSince{index + 1} : CheckedSince{};
}

// Whether `b`, sent by a client, changes nothing when `a` is registered. The order of meta is ignored: some languages
// have unordered maps, and a repeated registration must not cause a write because of that.
[[nodiscard]] bool means_the_same(const Registration& a, const Registration& b);

// The instance's label in the DNS: its id where that is a host-name label (RFC 1123 §2.1: letters, digits, inner
// hyphens, at most 63), else `<slug of the id>--<8 hex digits of its hash>`, the same in every run. An id that itself
// ends like a derived label gets a derived one too, so the two kinds never meet.
[[nodiscard]] std::string label_of(std::string_view id);

// The derived label of an id, or of a service's name, whatever it looks like.
[[nodiscard]] std::string derived_label_of(std::string_view id);

// The service's label in the DNS: its folded name where that is one label (1 to 63 octets, no dot), as all names of the native
// API are, else a slug and a hash, as of ids.
[[nodiscard]] std::string service_label_of(std::string_view folded_name);

// Whether a tag is a lower-case DNS label, as all tags of the native API are. Other tags get no DNS name.
[[nodiscard]] bool is_tag_name(std::string_view tag) noexcept;

// The time after which no cache can hold an answer that contains the instance. Meaningful only while it drains.
// Threads: the writer sets it once it is known; any thread reads.
class SafeTime {
 public:
  SafeTime() = default;
  SafeTime(const SafeTime& other) noexcept { set(other.get()); }
  SafeTime& operator=(const SafeTime& other) noexcept {
    set(other.get());
    return *this;
  }
  void set(LeaseTime time) noexcept { at_.store(time.time_since_epoch().count(), std::memory_order_relaxed); }
  // LeaseTime::max(): not known yet.
  [[nodiscard]] LeaseTime get() const noexcept {
    return LeaseTime(LeaseTime::duration(at_.load(std::memory_order_relaxed)));
  }

 private:
  std::atomic<std::int64_t> at_{LeaseTime::max().time_since_epoch().count()};
};

// One registered instance in a single block of memory, which keeps a million of them small.
//
// Shape    fixed fields, followed by one run of octets. `registration` and `standing` rebuild the values from it.
//
//              sizeof(Instance)   service_bytes_  id_bytes_  label_bytes_  addresses_bytes_  tags_bytes_  meta_bytes_  rare_bytes_
//              +------------------+---------------+----------+-------------+-----------------+------------+------------+-----------+
//              | entry, timer,    | service       | id       | label,      | 4 or 16, and    | length,    | key, value | rare      |
//              | lease, numbers   |               |          | if derived  | the octets      | text       |            |           |
//              +------------------+---------------+----------+-------------+-----------------+------------+------------+-----------+
//
//          rare is empty for most: those of the native API whose checks all pass. Else:
//
//              octets  1      1         1         2
//                      +------+---------+---------+---------------+------+-------------+------------+----------------------------+
//                      | door | octets  | octets  | octets of the | host | lease_check | attributes | results                    |
//                      |      | of host | of check| attributes    |      |             |            | (health/check_result.h)    |
//                      +------+---------+---------+---------------+------+-------------+------------+----------------------------+
//
// Owner    the Registry; only `make` creates it, because it computes the size of the run.
// Timer    of the writer thread, for the instance's next deadline.
class Instance final : public rcu::Entry, public TimingWheel::Timer {
 public:
  // `checked_since`: nullopt for the first version.
  [[nodiscard]] static std::unique_ptr<Instance> make(const Registration& asked, const Standing& standing,
                                                      ChangeIndex index, WallTime registered_at, LeaseTime now,
                                                      std::optional<CheckedSince> checked_since = std::nullopt);
  static void operator delete(void* block) { ::operator delete(block); }

  [[nodiscard]] ServiceRef service() const { return {zone_, run(0, service_bytes_)}; }
  [[nodiscard]] std::string_view id() const { return run(service_bytes_, id_bytes_); }
  [[nodiscard]] std::string_view label() const { return label_bytes_ == 0 ? id() : run(label_at(), label_bytes_); }
  [[nodiscard]] PackedAddresses addresses() const { return PackedAddresses(run(addresses_at(), addresses_bytes_)); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Protocol protocol() const { return protocol_; }
  [[nodiscard]] std::uint16_t priority() const { return priority_; }
  [[nodiscard]] std::uint16_t weight() const { return weight_; }
  [[nodiscard]] PackedTexts tags() const { return PackedTexts(run(tags_at(), tags_bytes_)); }
  [[nodiscard]] PackedPairs meta() const { return PackedPairs(run(meta_at(), meta_bytes_)); }
  [[nodiscard]] std::chrono::milliseconds ttl() const { return std::chrono::milliseconds(ttl_ms_); }
  [[nodiscard]] const health::SharedPlan& health() const;
  [[nodiscard]] CheckedSince checked_since() const { return health_ == nullptr ? CheckedSince{} : health_->since; }
  [[nodiscard]] LeaseKind lease_kind() const { return lease_kind_; }
  [[nodiscard]] std::string_view lease_check() const { return rare().lease_check; }
  [[nodiscard]] std::string_view host() const { return rare().host; }
  [[nodiscard]] Door door() const { return rare().door; }
  [[nodiscard]] std::string_view attributes() const { return rare().attributes; }
  [[nodiscard]] Registration registration() const;
  // Whether registering `asked` would change nothing: it is as the last registration, whatever was patched since.
  [[nodiscard]] bool is_as(const Registration& asked) const;

  [[nodiscard]] bool is_draining() const { return is_draining_; }
  [[nodiscard]] bool is_critical() const { return is_critical_; }
  [[nodiscard]] WallTime status_since() const { return status_since_; }
  [[nodiscard]] PackedResults checks() const { return PackedResults(rare().results); }
  [[nodiscard]] std::string_view check_output() const;  // of the first check that is critical
  [[nodiscard]] bool is_in_maintenance() const;         // an operator has taken it out
  [[nodiscard]] Standing standing() const;

  // Renews the lease (heartbeat). False: the lease has ended, or its check is critical (is_overdue).
  [[nodiscard]] bool renew(LeaseTime now) const noexcept { return !is_overdue_ && lease.renew(now, ttl()); }
  // The lease ran out and its check is critical: a passing result is needed, and only its checks can end it.
  [[nodiscard]] bool is_overdue() const { return is_overdue_; }
  // When the instance is removed because a check stayed critical too long; LeaseTime::max(): never.
  [[nodiscard]] LeaseTime ends_at() const;
  // Whether it is registered at `now`. With LeaseKind::turns_critical it stays when the lease is over.
  [[nodiscard]] bool is_there(LeaseTime now) const {
    return lease_kind() == LeaseKind::turns_critical || lease.is_alive(now);
  }

  mutable Lease lease;     // changes: heartbeats renew it
  mutable SafeTime safe;   // set once: when no cache can hold the draining instance any more
  ChangeIndex index;       // of the change that made this version
  WallTime registered_at;  // of the first registration under this key, kept by updates

  using Key = InstanceRef;
  [[nodiscard]] Key key() const { return {service(), id()}; }
  [[nodiscard]] InstanceKey owned_key() const { return {to_key(service()), std::string(id())}; }
  [[nodiscard]] bool has_key(const Key& other) const { return key() == other; }
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept { return hash_of(key); }

 private:
  struct Room {  // of the run
    std::size_t octets;
  };
  struct Checked {
    health::SharedPlan plan;
    CheckedSince since;
  };
  struct Rare {
    Door door = Door::native;
    std::string_view host;
    std::string_view lease_check;
    std::string_view attributes;
    std::string_view results;
  };
  static void* operator new(std::size_t fixed, Room room) { return ::operator new(fixed + room.octets); }
  static void operator delete(void* block, Room) { ::operator delete(block); }
  Instance(const Registration& asked, std::string_view derived_label, const Standing& standing, ChangeIndex index,
           WallTime registered_at, LeaseTime now, CheckedSince checked_since);

  [[nodiscard]] char* run() { return reinterpret_cast<char*>(this) + sizeof(Instance); }
  [[nodiscard]] std::string_view run(std::size_t at, std::size_t size) const {
    return {reinterpret_cast<const char*>(this) + sizeof(Instance) + at, size};
  }
  [[nodiscard]] std::size_t label_at() const { return std::size_t{service_bytes_} + id_bytes_; }
  [[nodiscard]] std::size_t addresses_at() const { return label_at() + label_bytes_; }
  [[nodiscard]] std::size_t tags_at() const { return addresses_at() + addresses_bytes_; }
  [[nodiscard]] std::size_t meta_at() const { return tags_at() + tags_bytes_; }
  [[nodiscard]] std::size_t rare_at() const { return meta_at() + meta_bytes_; }
  [[nodiscard]] Rare rare() const;

  WallTime status_since_;
  std::unique_ptr<const Checked> health_;  // null: no plan, as most
  std::uint32_t ttl_ms_;
  ZoneId zone_;
  std::uint32_t rare_bytes_;
  std::uint16_t port_;
  std::uint16_t priority_;
  std::uint16_t weight_;
  std::uint16_t id_bytes_;
  std::uint16_t addresses_bytes_;
  std::uint16_t tags_bytes_;
  std::uint16_t meta_bytes_;
  std::uint8_t service_bytes_;
  std::uint8_t label_bytes_;  // 0: the id is the label
  Protocol protocol_ : 1;
  LeaseKind lease_kind_ : 2;
  bool is_draining_ : 1;
  bool is_critical_ : 1;
  bool is_overdue_ : 1;

 public:
  Status status;  // of the standing
  // A newer version is published: a thread that renewed this version's lease must renew the newer one's too.
  mutable std::atomic<bool> is_replaced{false};
  // Its end was postponed because too many leases would have ended at once (expiry_limit.h): it continues without a
  // heartbeat. Cleared when a heartbeat is noticed, up to one lease later.
  mutable std::atomic<bool> is_put_off{false};
};

// Which protocols a service has been seen with: bit 0 tcp, bit 1 udp. `_S._tcp` exists while its bit is set.
using ProtocolSet = std::uint8_t;
[[nodiscard]] constexpr ProtocolSet to_set(Protocol protocol) {
  return static_cast<ProtocolSet>(1U << static_cast<unsigned>(protocol));
}

// A snapshot of one service.
class Service final : public rcu::Entry {
 public:
  Service(ServiceKey service_key, ChangeIndex change_index, ProtocolSet seen_protocols,
          std::vector<const Instance*> members, std::optional<WallTime> empty_since)
      : service(std::move(service_key)),
        index(change_index),
        protocols(seen_protocols),
        instances(std::move(members)),
        emptied_at(empty_since) {}

  ServiceKey service;
  ChangeIndex index;
  ProtocolSet protocols;
  std::vector<const Instance*> instances;  // sorted by id; alive as long as this snapshot can be read
  std::optional<WallTime> emptied_at;      // since when the service has had no instance

  using Key = ServiceRef;
  [[nodiscard]] Key key() const { return service.ref(); }
  [[nodiscard]] bool has_key(const Key& other) const { return key() == other; }
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept { return hash_of(key); }
};

}  // namespace rollcall::registry
