// Every error a client can get: application/problem+json (RFC 9457). The one place where an Errc becomes an HTTP
// status.
#pragma once

#include <string>
#include <string_view>

#include "api/message.h"
#include "base/result.h"

namespace rollcall::api {

// `{"type","title","status","detail","field"?}`; the type is "urn:rollcall:<code>", e.g. urn:rollcall:unknown_instance.
// 503 carries Retry-After.
[[nodiscard]] Response problem(const Error& error);

// For failures of HTTP itself (404 no such path, 405, 408, 413, 431 …). `code` is the last part of the type.
[[nodiscard]] Response problem(unsigned status, std::string_view code, std::string detail);

}  // namespace rollcall::api
