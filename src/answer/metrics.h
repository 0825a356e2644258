// Exports the DNS answer metrics.
//
// Threads  any; counters are read while they move. takes the ReadLock itself.
#pragma once

#include <span>
#include <vector>

#include "answer/counters.h"
#include "answer/roster/roster.h"
#include "answer/transfer/transfers.h"
#include "base/metrics.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

// `workers`: one of each DNS thread.
void put_metrics(MetricsSink& sink, std::span<const Counters* const> workers, const Transfers& transfers,
                 const Roster& roster, registry::LeaseTime now);

}  // namespace rollcall::answer
