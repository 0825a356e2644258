// The interfaces that the registry calls and other modules implement. rollcalld.cc connects them.
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

// The stored services and instances, or a part of them: each service with all its instances. Rows of zones that the
// directory does not know are left out, and stay in the store.
struct Restored {
  ChangeIndex index = 0;
  EventId last_event = 0;  // the highest number an event has had
  std::vector<ServiceRecord> services;
  std::vector<InstanceRecord> instances;
};

// A zone's stored SOA serial: after a restart the serial must not be lower (RFC 1982 order).
struct KeptSerial {
  ZoneId zone;
  dns::Serial serial;
  friend bool operator==(const KeptSerial&, const KeptSerial&) = default;
};
// Stores serials. Durable when it returns true: after a restart, serials continue above them.
using KeepSerials = std::function<bool(const std::vector<KeptSerial>&)>;

// Receives published changes. The writer thread alone calls it, after the change is durable (or a lease has ended) and
// before the client gets its response. The snapshot stays valid for every reader that found it before it was replaced
// or withdrawn.
class Audience {
 public:
  virtual ~Audience() = default;
  virtual void publish(const Service& service) = 0;
  virtual void withdraw(const ServiceRef& service) = 0;  // the service is forgotten; its name no longer exists
  // Announces how many services will be published, so that tables can grow now. Not inside a ReadLock.
  virtual void expect(std::size_t /*services*/) {}

  // Until when a cache may hold an answer about the service that was given up to `now`. Exact for replaced snapshots
  // only when no reader uses them any more.
  [[nodiscard]] virtual LeaseTime answered_until(const ServiceRef&, LeaseTime /*now*/) const { return LeaseTime{}; }
  // Assumes that another process answered for the service until `now`.
  virtual void assume_answered(const ServiceRef&, LeaseTime) {}
};

// A name that a service or instance would need, but that another zone or the zone file uses.
struct TakenName {
  enum class By : std::uint8_t {
    zone_file,   // it has records, or is below a cut or a DNAME
    other_zone,  // it is in another zone that is served here
    whole_zone,  // the zone file owns the whole zone: no service can be in it
  };
  By by{};
  std::string name;       // in presentation form, without the final dot
  std::string zone = {};  // other_zone: which
};

// The served zones, and the names in them that services cannot use. Any thread may call.
class ZoneDirectory {
 public:
  virtual ~ZoneDirectory() = default;
  [[nodiscard]] virtual std::optional<ZoneId> find(std::string_view zone_name) const = 0;  // any case, dot or no dot
  [[nodiscard]] virtual std::string name_of(ZoneId zone) const = 0;                        // without the final dot
  [[nodiscard]] virtual std::size_t apex_bytes_of(ZoneId zone) const = 0;                  // of its wire form
  // The first of the service's own names `S.Z`, `_S._tcp.Z`, `_S._udp.Z` that is in use.
  [[nodiscard]] virtual std::optional<TakenName> find_taken(const ServiceRef& service) const = 0;
  // Whether a name below them can be in use at all; false saves the look-ups.
  [[nodiscard]] virtual bool may_have_names_below(const ServiceRef& /*service*/) const { return false; }
  // The first name with this instance's label, or this tag, that is in use.
  enum class Below : std::uint8_t { instance, tag };
  [[nodiscard]] virtual std::optional<TakenName> find_taken_below(const ServiceRef& /*service*/,
                                                                  std::string_view /*label*/, Below /*what*/) const {
    return std::nullopt;
  }
};

}  // namespace rollcall::registry
