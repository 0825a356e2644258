// SkyDNS records as instances of the roll: what a key below the prefix stands for, and what its value says. Pure.
//
// Shape    <prefix>/internal/svc/web/eu/x1: the labels of the zone reversed, the service, and what names the instance.
//            id      the labels below the service, in the order of the DNS: "x1.eu"; none: <address>-<port>
//            tags    those of them that stand between the service and the last: "eu"
//          {"host": an address, "port", "priority", "weight", "text", "ttl", "group", "mail", "targetstrip"}; fields that are
//          not known are left alone, and names of fields are compared without case, as SkyDNS and CoreDNS do.
//            ttl     seconds; the lease, where the key goes with no lease of etcd. Neither: it stays until it is deleted
//            0       of port, priority, weight and ttl: as if it were left out
// Failure  a sentence that says why the record is no instance. No exception leaves.
// Source   docs/etcd.md; CoreDNS plugin/etcd and plugin/etcd/msg; github.com/skynetservices/skydns, README.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/engine.h"
#include "registry/instance/instance.h"
#include "registry/instance/registration.h"
#include "registry/ports/ports.h"

namespace rollcall::cluster {

struct RecordPlace {
  registry::ZoneId zone{};
  std::string zone_name;           // without the final dot
  std::string service;             // as it stands in the key
  std::vector<std::string> below;  // the labels below the service, the nearest first
};

// Empty: the record is in no zone that is served here.
[[nodiscard]] Result<std::optional<RecordPlace>> place_of_record(std::string_view prefix, std::string_view key,
                                                                 const registry::ZoneDirectory& zones);

// Beside `rollcall`, a field of ours: the cluster whose instance the record shows. Such a record is read by nobody of us.
struct ReadRecord {
  std::string mirrored_by;  // the cluster; empty: it is another program's
  registry::Registration registration;
};
// `has_lease`: the key goes with a lease of etcd.
[[nodiscard]] Result<ReadRecord> read_record(const KeyValue& record, const RecordPlace& place,
                                             std::size_t zone_apex_bytes);
// The cluster whose mirror the value is of; empty: it is none.
[[nodiscard]] std::string mirror_of(std::string_view value);

// What an instance that was read from a record has in its attributes: where it is from. A registration over HTTP has other
// attributes, and is the roll's own from then on.
[[nodiscard]] std::string origin_of(std::string_view key);
[[nodiscard]] bool has_origin(std::string_view attributes);

// The records that show an instance: one for each address, below <prefix>/…/<service>/<label>.
struct MirrorRecord {
  std::string key;
  std::string value;
  friend bool operator==(const MirrorRecord&, const MirrorRecord&) = default;
};
// `path`: of its service. Empty also for what CoreDNS reads as name servers of the zone (dns/ns, dns/apex).
[[nodiscard]] std::vector<MirrorRecord> mirror(std::string_view path, std::string_view cluster,
                                               const registry::Instance& instance);
// The label below which the records of a service stand: that of its names in the DNS, which is a derived one where another
// door has given it a name that is no label, or that the zone file, another zone or DNS-SD has. Empty: CoreDNS would not find it there, because a key has the label as a question shows it (`\032`), or would
// take it for two (a slash).
[[nodiscard]] std::string mirror_label(const registry::ServiceRef& service, const registry::ZoneDirectory& zones);
// The service's part of a key: "<prefix>/internal/svc/web/".
[[nodiscard]] std::string service_path(std::string_view prefix, std::string_view zone_name, std::string_view label);

inline constexpr std::size_t k_record_key_bytes_max = 512;   // of a name in the DNS are 255
inline constexpr std::size_t k_record_bytes_max = 64 << 10;  // of a value, as of a registration over HTTP

}  // namespace rollcall::cluster
