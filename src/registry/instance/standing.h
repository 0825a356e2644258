// How an instance stands after a registration, or as a row of the database says: what is kept of a drain and of the checks.
//
// Shape    functions of values.
// Source   docs/checks.md.
#pragma once

#include "registry/instance/change.h"

namespace rollcall::registry {

// How an instance stands once it is registered so. `before` is what was registered under the key, with its standing;
// null: nothing. A registration that repeats or updates an instance does not undo a drain; one that gives up its checks
// is no longer critical by them.
[[nodiscard]] Standing standing_of(const Registration* before, Standing standing, const Registration& asked,
                                   WallTime wall_now);

// The named checks as a registration defines them: those that are known keep what they have said, the others begin with
// the status they come with. The result of the plan stays. Nothing is asked: nothing changes.
void define_checks(Standing& standing, const CheckDefinitions& asked, LeaseTime now, WallTime wall_now);

// A standing as a row has it: what a check has said (`output`) means nothing once there are no checks that could say
// otherwise. A critical row without output was set by hand, and stays critical.
[[nodiscard]] Standing standing_of_row(Standing standing, const Registration& registration);

// Whether what checks and probes have found out about one holds for the other: the same is asked at the same addresses,
// under the same lease.
[[nodiscard]] bool is_judged_alike(const Registration& a, const Registration& b);

}  // namespace rollcall::registry
