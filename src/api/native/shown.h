// Calls that want more than what this node shows now: `?at_least=<index>` and `?consistent` of a read, `?everywhere` of a
// change.
//
// Shape    on a single node, and where the roll is as far already, nothing is waited for: an index from the future is one of
//          another database. Else the call becomes a Wait that looks again every k_look_again.
// Threads  inside the router's ReadLock. What is waited for comes on other threads, into a value of its own.
// Failure  503 where it does not come within `?wait=`, or k_shown_wait.
// Source   docs/http.md.
#pragma once

#include <functional>
#include <optional>

#include "api/native/calls.h"

namespace rollcall::api::native {

using Show = std::move_only_function<Response(registry::LeaseTime now)>;

// Whether the call may have to wait at all; the rest is only asked for then.
[[nodiscard]] inline bool asks_for_more(const Call& call) {
  return call.registry.authority() != nullptr &&
         (call.parameters.at_least || call.parameters.consistent.value_or(false));
}

// Empty: the call asks for nothing that this node does not show now, and `show` is left as it is. `is_long`: it must run as
// a LongAnswer.
[[nodiscard]] std::optional<Routed> wait_until_shown(const Call& call, bool is_long, Show& show);

// The change, whose answer waits until every member shows it, where the call asks for that.
[[nodiscard]] Routed wait_everywhere(const Call& call, Submission submission);

}  // namespace rollcall::api::native
