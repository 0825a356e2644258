// An explained answer as JSON: what GET /v1/explain shows.
//
// Shape    docs/http.md. Members that do not apply are left out; lists are always present, if need be empty.
// Threads  any.
#pragma once

#include <string>

#include "answer/explain/explain.h"

namespace rollcall::ops {

[[nodiscard]] std::string describe(const answer::Explained& explained);

}  // namespace rollcall::ops
