// Every error a client can get: application/problem+json (RFC 9457). The one place where an Errc becomes an HTTP
// status.
//
// Shape    `{"type","title","status","detail","field"?}`; the type is "urn:rollcall:<code>", e.g.
//          urn:rollcall:unknown_instance. 503 carries Retry-After,
//          401 WWW-Authenticate.
// Threads  any.
// Failure  none; a detail that is not UTF-8 is shown with question marks in place of what cannot be read.
// Source   interface.md §4; docs/http.md lists the codes.
#pragma once

#include <string>
#include <string_view>

#include "api/message.h"
#include "base/result.h"

namespace rollcall::api {

// Logs the error, once: what the store could not do as a warning, the rest for debugging.
[[nodiscard]] Response problem(const Error& error);

// For failures of HTTP itself (404 no such path, 405, 408, 413, 431 …). `code` is the last part of the type, in
// snake_case; the title is made from it.
[[nodiscard]] Response problem(unsigned status, std::string_view code, std::string detail);

}  // namespace rollcall::api
