// Validates registrations. The same rules apply over HTTP and for rows of the database.
//
// Failure  Errc::invalid with the field and a sentence that says what would be right. The first broken rule is
//          reported.
// Source   interface.md §2.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "registry/instance/instance.h"

namespace rollcall::registry {

// Bounds of leases: settings `[lease]`.
struct LeaseBounds {
  std::chrono::milliseconds standard = limits::k_lease_default;  // when a registration gives none
  std::chrono::milliseconds min = limits::k_lease_min;
  std::chrono::milliseconds max = limits::k_lease_max;
  friend bool operator==(const LeaseBounds&, const LeaseBounds&) = default;
};

// A service's or tag's name, folded to lower case: a host-name label (letters, digits, inner hyphens, 1-63 octets).
[[nodiscard]] Result<std::string> parse_label(std::string_view text, std::string_view field);

// 1-128 printable characters (UTF-8) without space and '/'.
[[nodiscard]] Result<std::string> parse_instance_id(std::string_view text, std::string_view field = "id");

// An address a client can be sent to: IPv4 or IPv6, not unspecified, not multicast.
[[nodiscard]] Result<IpAddress> parse_instance_address(std::string_view text, std::string_view field);

// The id of a registration that gives none: `<address>-<port>`, for udp `<address>-<port>-udp` (interface.md §2). One
// host may serve both protocols on one port, and these are two instances.
[[nodiscard]] std::string default_instance_id(const IpAddress& address, std::uint16_t port, Protocol protocol);

// An id chosen by Consul and Eureka clients: any UTF-8 without control characters, 1 to k_door_id_bytes_max octets.
[[nodiscard]] Result<std::string> parse_free_id(std::string_view text, std::string_view field = "id");

// Which fields are optional, and which texts are free. The defaults are the rules of the native API.
struct FieldRules {
  bool needs_port = true;
  bool needs_address = true;
  bool needs_lease = true;
  bool has_free_texts = false;  // tags and meta are any UTF-8, bounded in all by k_door_texts_bytes_max
};
// Rules for a stored row: only native rows follow the native rules; lease and port may be missing.
[[nodiscard]] FieldRules rules_of_row(Door door);

// Sorts and folds what has no order of its own (tags, repeated addresses), puts `txtvers` first in meta, and checks what
// concerns more than one field: counts, meta keys and sizes, the lease against the bounds. The fields themselves have been
// parsed by the functions above. `zone_apex_bytes` is the wire length of the zone's name: the instance's longest name must
// fit in 255 octets.
[[nodiscard]] Result<Registration> normalise(Registration draft, const LeaseBounds& bounds, std::size_t zone_apex_bytes,
                                             const FieldRules& rules = {});

}  // namespace rollcall::registry
