// A zone's records as an unfiltered client is answered: what a secondary must hold to answer the same.
//
// TTL      the service's answer TTL, whole: a secondary cannot count leases down. `answer_limit`, rotation and the TTL
//          of leases that end soon are the primary's own.
// Absent   a service without a ready instance has no records of its own name: a secondary says NXDOMAIN where this
//          server says `when_empty`.
// Threads  under rcu::ReadLock where instances are read.
// Source   RFC 5936 §3.
#pragma once

#include "answer/transfer/record_set.h"
#include "answer/zone/policy.h"
#include "answer/zone/zones.h"
#include "registry/instance/instance.h"

namespace rollcall::answer {

// What the zone file says, without the SOA; and where services live, the names of DNS-SD that are always there.
[[nodiscard]] RecordSet static_records(const Zone& zone);
// The SOA with this serial: one record.
[[nodiscard]] RecordSet soa_record(const Zone& zone, dns::Serial serial);
// All names one service has in its zone, with its label there (Zones::label_of). No alias to the name of a host: it would stand
// beside other data, which no zone file may have (RFC 2181 §10.1).
[[nodiscard]] RecordSet service_records(const registry::Service& service, std::string_view label, const Zone& zone,
                                        const AnswerPolicy& policy);
// The PTRs of the service's instances in a reverse zone. `service_apex` is that of the service's own zone.
[[nodiscard]] RecordSet reverse_records(const registry::Service& service, std::string_view label,
                                        const dns::Name& service_apex, const ZoneTable& zones,
                                        const Zone& reverse_zone);

}  // namespace rollcall::answer
