// An explained answer as JSON: what GET /v1/explain shows.
//
// Shape    docs/http.md. What does not apply is left out; lists are always there.
// Threads  any.
#pragma once

#include <string>

#include "answer/explain/explain.h"

namespace rollcall::ops {

[[nodiscard]] std::string describe(const answer::Explained& explained);

}  // namespace rollcall::ops
