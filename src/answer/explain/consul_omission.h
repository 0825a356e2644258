// Why an instance of a service is not in an answer under one of Consul's names. As omission.h, for the names of that zone.
//
// Threads  any, under the caller's ReadLock.
// Source   docs/consul-dns.md, docs/http.md (`/v1/explain`).
#pragma once

#include <span>

#include "answer/explain/omission.h"

namespace rollcall::answer {

// A stop that is no service and no query sorts nobody.
[[nodiscard]] Sorted sort_consul_instances(const Stop& stop, std::span<const dns::MessageRecord> records,
                                           const AskedAt& asked);

}  // namespace rollcall::answer
