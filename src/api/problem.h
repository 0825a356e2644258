// A refusal as application/problem+json (RFC 9457), the error format of the native API.
//
// Shape    `{"type","title","status","detail","field"?}`; the type is "urn:rollcall:<code>", e.g.
//          urn:rollcall:unknown_instance.
// Threads  any.
// Failure  none; bytes of a detail that are not UTF-8 are shown as question marks.
// Source   interface.md §4; the statuses are decided in refusal.cc.
#pragma once

#include <string>
#include <utility>

#include "api/message.h"
#include "api/refusal.h"

namespace rollcall::api {

[[nodiscard]] Response problem(Refusal refusal);

// The same of what refusal_of makes of it; logged there, once.
[[nodiscard]] inline Response problem(const Error& error) { return problem(refusal_of(error)); }
[[nodiscard]] inline Response problem(Fault fault, std::string detail) {
  return problem(refusal_of(fault, std::move(detail)));
}

}  // namespace rollcall::api
