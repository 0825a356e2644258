// Exports how many instances services have, by status: a row for each of the largest services, and one for all others.
//
// Rows     of at most k_metric_services_max services, whatever the roll has: by the power of two of their instances, then by
//          name, so that a service keeps its row while others grow and shrink a little.
// Threads  any; takes the ReadLock. It looks at every instance.
#pragma once

#include <functional>
#include <string_view>

#include "base/metrics.h"
#include "registry/ports/ports.h"
#include "registry/registry.h"

namespace rollcall::registry {

// As zone and service of the row of all others: no label of a name has brackets.
inline constexpr std::string_view k_other_services = "(other)";

// `may_be_named`: the others are counted as k_other_services.
void put_metrics(MetricsSink& sink, const Registry& registry, const ZoneDirectory& zones,
                 const std::function<bool(const ServiceRef&)>& may_be_named);

}  // namespace rollcall::registry
