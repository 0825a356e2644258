// Computes an instance's Standing after a registration or from a database row: which drain and check results are kept.
//
// Shape    functions of values.
// Source   docs/checks.md.
#pragma once

#include "registry/instance/change.h"

namespace rollcall::registry {

// The standing after the registration `asked`. `before`: the previous registration under the key, and `standing` its
// standing; null: none. Registering again does not cancel a drain; giving up the checks removes their critical results.
[[nodiscard]] Standing standing_of(const Registration* before, Standing standing, const Registration& asked,
                                   WallTime wall_now);

// Applies a registration's named checks: known checks keep their results, new ones start with the status given. The
// result of the plan stays. An empty `asked` changes nothing.
void define_checks(Standing& standing, const CheckDefinitions& asked, LeaseTime now, WallTime wall_now);

// The standing of a database row: a check's output is dropped when the instance has no checks that could change it. A
// critical row without output was set by hand, and stays critical.
[[nodiscard]] Standing standing_of_row(Standing standing, const Registration& registration);

// The check of the lease becomes critical, because no client has called in for a ttl. Returns its output.
std::string lapse(Standing& standing, const Registration& registration, LeaseTime now, WallTime wall_now);

// Of a standing that comes from another node: when its critical checks end the instance. A check that was critical in
// `before` as well goes on from there.
void settle_ends(Standing& standing, const Standing& before, LeaseTime now);

// Whether results of checks and probes for `a` are valid for `b`: same plan, same addresses, same lease.
[[nodiscard]] bool is_judged_alike(const Registration& a, const Registration& b);

}  // namespace rollcall::registry
