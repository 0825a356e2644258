// The values of a cluster's keys (cluster/keys.h), as JSON that people can read, and write, with etcdctl.
//
// Shape    one object a key. An instance has the fields of the HTTP API, and beside them how it stands:
//            service, zone, id           may be left out: the key says them. Where given they must agree with it
//            address, addresses          at least one (but for other doors)
//            port                        required
//            protocol, priority, weight, tags, meta
//            ttl or ttl_ms               a duration, or "none"; a number of milliseconds
//            checks, probe, evict_on_refusal, renew_on_probe, initial, rise, fall    docs/checks.md
//            lease, lease_check, host, door, attributes                              of instances of other doors
//            draining, registered_at, status_since (as registered_at, where left out), results, by
//            unchanged_since                                         of what was put again by a heartbeat alone: a revision
//          What has its usual value is left out when written; null counts as left out when read. Times are RFC 3339.
// Threads  any; pure.
// Failure  Errc::malformed or Errc::invalid, with the field and a sentence; no exception leaves. A field that is not known is
//          an error in an instance: a mistyped one would otherwise mean something else than its author thinks. In what
//          only nodes write it is left alone: a newer version may have more to say.
// Rule     whether a value can be read does not depend on a node's settings: the same key is on the roll of every node, or of
//          none. Of the lease bounds only `standard` counts, for a native instance without a ttl; as for rows of the database,
//          a lease that was granted stays valid.
// Source   interface.md §2 and §4; docs/checks.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/exchange.h"
#include "cluster/keys.h"
#include "cluster/unclean_ends.h"
#include "registry/events/event.h"
#include "registry/instance/instance.h"
#include "registry/instance/registration.h"
#include "registry/ports/journal.h"

namespace rollcall::cluster {

// roll/<zone>/<service>/<label>
struct StoredInstance {
  registry::Registration registration;
  registry::Standing standing;
  registry::WallTime registered_at{};  // the epoch where a person has not written it
  Revision unchanged_since = 0;        // not 0: put again as it was at this revision, for its lease alone
  std::string by;                      // the author of the last change; empty: unknown
};
// `by` is cut to k_by_bytes_max octets. `unchanged_since`: as above.
[[nodiscard]] std::string write_instance(const registry::InstanceRecord& record, std::string_view by,
                                         Revision unchanged_since = 0);
// `zone` is the number of `place.zone`, and `zone_apex_bytes` the wire length of its name.
[[nodiscard]] Result<StoredInstance> read_instance(std::string_view json, registry::ZoneId zone,
                                                   const InstancePlace& place, const registry::LeaseBounds& bounds,
                                                   std::size_t zone_apex_bytes);

// node/<name>: the session of a node.
struct StoredNode {
  Incarnation incarnation = 0;
  bool is_member = false;
  std::vector<std::string> hears;  // names, sorted
  std::string peers;               // host:port
  std::string http;                // where its HTTP API is reached
  std::string version;
  std::string zones_hash;
  std::string settings_hash;
  friend bool operator==(const StoredNode&, const StoredNode&) = default;
};
[[nodiscard]] std::string write_node(const StoredNode& node);
[[nodiscard]] Result<StoredNode> read_node(std::string_view json);

// nodes/<name>: the registered set.
struct StoredRegistration {
  UncleanEnds unclean = {};
  std::string peers;
  std::string dns;
};
[[nodiscard]] std::string write_registration(const StoredRegistration& registration);
[[nodiscard]] Result<StoredRegistration> read_registration(std::string_view json);

// format
struct StoredFormat {
  int version = 1;
  std::uint64_t base = 0;
  std::string incarnation;  // of this history
  friend bool operator==(const StoredFormat&, const StoredFormat&) = default;
};
[[nodiscard]] std::string write_format(const StoredFormat& format);
[[nodiscard]] Result<StoredFormat> read_format(std::string_view json);

// service/<zone>/<service>
//
// A service that somebody forgets is put with `k_forgotten`: a deletion alone would be no event where the key is not written
// yet. The first member deletes the key, as that of any service that has been empty for long enough.
inline constexpr registry::WallTime k_forgotten{};  // 1970
struct StoredService {
  registry::ProtocolSet protocols = 0;
  std::optional<registry::WallTime> emptied_at = {};
  friend bool operator==(const StoredService&, const StoredService&) = default;
};
[[nodiscard]] std::string write_service(const StoredService& service);
[[nodiscard]] Result<StoredService> read_service(std::string_view json);

// imported<key>: what has become of a record that another program keeps at <key>.
struct StoredImport {
  Revision revision = 0;     // of the record, when it was looked at
  std::string roll = {};     // the key of its instance below the cluster's prefix; empty: it is not on the roll
  std::string why_not = {};  // a sentence; empty: it is on the roll, or has been
  registry::WallTime registered_at{};  // of the instance
  friend bool operator==(const StoredImport&, const StoredImport&) = default;
};
[[nodiscard]] std::string write_import(const StoredImport& import);
[[nodiscard]] Result<StoredImport> read_import(std::string_view json);

// last/<node>/<lane>: the last transaction of a lane, and why each of its changes was made.
struct LaneRecord {
  struct Mark {
    std::string key;  // of etcd, below the cluster's prefix: "roll/svc.internal/web/x1"
    registry::EventKind kind{};
    registry::Cause cause{};
    bool is_renewal = false;  // put again by a heartbeat: nothing else has changed
    std::string by = {};
    std::string detail = {};
    friend bool operator==(const Mark&, const Mark&) = default;
  };
  std::string id;  // random, of this transaction
  std::string node;
  registry::WallTime at{};
  std::vector<Mark> marks;  // at most k_operations_max
  friend bool operator==(const LaneRecord&, const LaneRecord&) = default;
};
[[nodiscard]] std::string write_lane(const LaneRecord& record);
[[nodiscard]] Result<LaneRecord> read_lane(std::string_view json);

inline constexpr std::size_t k_by_bytes_max = 512;            // the name of a token or certificate, with its kind
inline constexpr std::size_t k_value_bytes_max = 1 << 20;     // all texts of an instance, escaped; etcd takes 1.5 MB
inline constexpr std::size_t k_value_text_bytes_max = 4'096;  // of a text in a node's values
inline constexpr std::size_t k_nodes_max = 1'024;             // whom a node can hear

}  // namespace rollcall::cluster
