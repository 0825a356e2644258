// Why an instance of a service is not in an answer about the service.
//
// Shape    of several reasons the first of this list is told: each alone would be enough.
// Threads  any, under the caller's ReadLock.
// Source   docs/http.md (`/v1/explain`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "answer/look_up/trace.h"
#include "dns/record_reader.h"
#include "registry/instance/instance.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

enum class Reason : std::uint8_t {
  lease_ended,        // and is not swept yet
  draining,           // a client or operator asked for a drain
  critical,           // a health check failed
  not_passing,        // of Consul's names: a check warns, and only those that pass are answered
  other_meta,         // of a prepared query: it or its node has not the meta that is asked for
  other_tag,          // has not the tag that is asked for
  other_protocol,     // is not found by this `_proto` name
  other_type,         // no instance has records of the type at such a name
  no_address,         // none of the family
  no_port,            // SRV: it is registered without one
  no_tls,             // SVCB and HTTPS: its meta.alpn names nothing that is spoken over TLS
  lower_priority,     // A and AAAA have the best priority alone
  over_answer_limit,  // a fresh part of all for each answer, and this time another
  did_not_fit,        // not even over TCP
};
[[nodiscard]] std::string_view to_text(Reason reason);

struct Omission {
  std::string id;
  std::string label;
  registry::Status status = registry::Status::ready;
  Reason reason{};
  std::optional<registry::WallTime> since;  // of lease_ended, draining, critical
  std::string detail;                       // "draining since …": goes on from the instance's name
};

// Instances of a stop, sorted by id, each in one list or the other.
struct Sorted {
  std::vector<const registry::Instance*> answered;
  std::vector<Omission> left_out;
  // For each record of the stop: who is answered by it. Several where instances share an address.
  std::vector<std::vector<const registry::Instance*>> by_record;
};

struct AskedAt {
  dns::Type type;  // of the question
  registry::LeaseTime now;
  registry::WallTime wall_now;
  bool is_truncated;  // over TCP
};

// Since when a reason holds; empty: that is not known.
[[nodiscard]] std::optional<registry::WallTime> since_when(const registry::Instance& instance, Reason reason,
                                                           const AskedAt& asked);
// ": connection refused", what its check has said; empty: nothing.
[[nodiscard]] std::string output_of(const registry::Instance& instance);

// `records`: those of this stop in the answer. A stop that is about one instance sorts that one alone; one that is
// about none sorts nobody.
[[nodiscard]] Sorted sort_instances(const Stop& stop, std::span<const dns::MessageRecord> records,
                                    const AskedAt& asked);

}  // namespace rollcall::answer
