// Converts an HTTP error response of a registry to an Error: from its problem details (RFC 9457), or from the status
// code if the body has none.
#pragma once

#include "base/result.h"
#include "client/http_client.h"

namespace rollcall::client {

// For a response that is not 2xx. The code comes from `type`, else from the status; the message is `detail`, one line.
[[nodiscard]] Error problem_of(const HttpResponse& response);

}  // namespace rollcall::client
