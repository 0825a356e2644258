// Services and instances: what is on the roll.
//
// Shape    a service is a name in a zone; an instance is one endpoint of it, under a lease. Everything here but the
//          lease is immutable once published; a change makes a new Instance and a new Service snapshot.
// Owner    the Registry's tables; freed through RCU after the last reader.
// Threads  readers under rcu::ReadLock; values (keys, Registration) anywhere.
// Source   interface.md §2.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/rcu.h"
#include "base/timing_wheel.h"
#include "registry/health_plan.h"
#include "registry/lease.h"

namespace rollcall::registry {

// A zone's place in the ZoneDirectory: the same for the life of the process.
enum class ZoneId : std::uint16_t {};

// Changes of the roll are counted. Each visible change of a service takes the next index, and the service shows the
// index of its last change. Survives restarts.
using ChangeIndex = std::uint64_t;

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

enum class Protocol : std::uint8_t { tcp, udp };
[[nodiscard]] std::string_view to_text(Protocol protocol);  // "tcp", "udp"

enum class Status : std::uint8_t {
  ready,     // answered
  draining,  // not answered for the service; still answered by its own name
  critical,  // a health check says no; as draining
};
[[nodiscard]] std::string_view to_text(Status status);

// Keys own or borrow their text; both kinds find.
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
// Blind to the case of the id: ids that would share a label meet in the same chain.
[[nodiscard]] std::uint64_t hash_of(const InstanceRef& key) noexcept;
[[nodiscard]] bool equal_but_for_case(std::string_view a, std::string_view b) noexcept;

// What a client asks for: validated (registration.h) and normalised, so that equal values mean nothing has changed.
struct Registration {
  InstanceKey key;
  std::vector<IpAddress> addresses;  // as given, at least one, no repeats
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;
  std::uint16_t priority = 1;
  std::uint16_t weight = 1;
  std::vector<std::string> tags;                          // folded, sorted, no repeats
  std::vector<std::pair<std::string, std::string>> meta;  // sorted by key
  std::chrono::milliseconds ttl{};
  SharedPlan health = {};  // what the server asks of it
  friend bool operator==(const Registration&, const Registration&) = default;
};

// The instance's label in the DNS: its id where that is a host-name label (RFC 1123 §2.1: letters, digits, inner
// hyphens, at most 63), else `<slug of the id>--<8 hex digits of its hash>`, the same in every run. An id that itself
// ends like a derived label gets a derived one too, so the two kinds never meet.
[[nodiscard]] std::string label_of(std::string_view id);

// The timer is the writer's, for the end of the lease.
class Instance final : public rcu::Entry, public TimingWheel::Timer {
 public:
  Instance(Registration asked, Status status, ChangeIndex index, WallTime registered_at, LeaseTime now);

  Registration registration;
  std::string label;
  Status status;
  ChangeIndex index;       // of the change that made this version
  WallTime registered_at;  // of the first registration under this key, kept by updates
  mutable Lease lease;     // the one thing that moves: heartbeats renew it

  using Key = InstanceRef;
  [[nodiscard]] Key key() const { return registration.key.ref(); }
  [[nodiscard]] bool has_key(const Key& other) const { return key() == other; }
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept { return hash_of(key); }
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
  std::optional<WallTime> emptied_at;      // since when there has been no instance

  using Key = ServiceRef;
  [[nodiscard]] Key key() const { return service.ref(); }
  [[nodiscard]] bool has_key(const Key& other) const { return key() == other; }
  [[nodiscard]] static std::uint64_t hash(const Key& key) noexcept { return hash_of(key); }
};

}  // namespace rollcall::registry
