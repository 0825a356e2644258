// What the registry needs from the rooms that stand on it. rollcalld.cc introduces them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/serial.h"
#include "registry/events/event.h"
#include "registry/instance/instance.h"
#include "registry/instance/lease.h"
#include "registry/ports/journal.h"

namespace rollcall::registry {

// What is on stable storage, or a part of it: services with all their instances. Zones the directory does not know are
// left out, and stay where they are.
struct Restored {
  ChangeIndex index = 0;
  EventId last_event = 0;  // the highest number an event has had
  std::vector<ServiceRecord> services;
  std::vector<InstanceRecord> instances;
};

// A serial of a zone that no start may fall behind (RFC 1982 order).
struct KeptSerial {
  ZoneId zone;
  dns::Serial serial;
  friend bool operator==(const KeptSerial&, const KeptSerial&) = default;
};
// Durable when it returns true: a later start goes on behind all of them.
using KeepSerials = std::function<bool(const std::vector<KeptSerial>&)>;

// Who is shown the roll. Called by the writer thread alone, after the change is durable (or a lease has ended) and
// before it is acknowledged. The snapshot outlives every reader that finds it before it is replaced or withdrawn.
class Audience {
 public:
  virtual ~Audience() = default;
  virtual void publish(const Service& service) = 0;
  virtual void withdraw(const ServiceRef& service) = 0;  // forgotten: the name is as if it had never been
  // So many services will be shown: there is time now to make room. Not from inside a ReadLock.
  virtual void expect(std::size_t /*services*/) {}

  // Until when a cache may hold an answer about the service that was made until `now`. Exact for what replaced snapshots
  // have answered only when no reader is left in them.
  [[nodiscard]] virtual LeaseTime answered_until(const ServiceRef&, LeaseTime /*now*/) const { return LeaseTime{}; }
  // Another process may have answered for the service until `now`.
  virtual void assume_answered(const ServiceRef&, LeaseTime) {}
};

// A name that a service or an instance would have, and that is somebody else's.
struct TakenName {
  enum class By : std::uint8_t {
    zone_file,   // it has records, or is below a cut or a DNAME
    other_zone,  // it is in another zone that is served here
    whole_zone,  // `name` is the zone's: no service can be in it
  };
  By by{};
  std::string name;       // in presentation form, without the final dot
  std::string zone = {};  // other_zone: which
};

// Which names services may not have: those of the zone files, and of other zones. Any thread.
class ZoneDirectory {
 public:
  virtual ~ZoneDirectory() = default;
  [[nodiscard]] virtual std::optional<ZoneId> find(std::string_view zone_name) const = 0;  // any case, dot or no dot
  [[nodiscard]] virtual std::string name_of(ZoneId zone) const = 0;                        // without the final dot
  [[nodiscard]] virtual std::size_t apex_bytes_of(ZoneId zone) const = 0;                  // of its wire form
  // The first of the service's own names, `S.Z`, `_S._tcp.Z`, `_S._udp.Z`, that is taken.
  [[nodiscard]] virtual std::optional<TakenName> find_taken(const ServiceRef& service) const = 0;
  // Whether a name below them can be taken at all: no spares the look-ups.
  [[nodiscard]] virtual bool may_have_names_below(const ServiceRef& /*service*/) const { return false; }
  // The first name of this instance's label, or of this tag, that is taken.
  enum class Below : std::uint8_t { instance, tag };
  [[nodiscard]] virtual std::optional<TakenName> find_taken_below(const ServiceRef& /*service*/,
                                                                  std::string_view /*label*/, Below /*what*/) const {
    return std::nullopt;
  }
};

}  // namespace rollcall::registry
