// The native API as an OpenAPI 3.1 document, made from its table of routes.
//
// Shape    JSON text. Each route gives its path, method, right, parameters and bounds; its Operation the rest.
// Threads  any.
// Failure  a row that names a schema or an operation that is not there is a failed check, which a unit test meets first.
// Source   OpenAPI 3.1.1; docs/http.md.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/native/openapi/operation.h"
#include "registry/events/event.h"

namespace rollcall::api::native::openapi {

[[nodiscard]] std::string write_document(std::span<const Described> table, std::string_view version,
                                         registry::EventNumbers numbers);

}  // namespace rollcall::api::native::openapi
