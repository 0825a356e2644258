// What a registry says went wrong, as an Error: RFC 9457 problem details, or the bare status where there are none.
#pragma once

#include "base/result.h"
#include "client/http_client.h"

namespace rollcall::client {

// Of a response that is not ok. The code follows the `type` and the status; the message is the detail, one sentence.
[[nodiscard]] Error problem_of(const HttpResponse& response);

}  // namespace rollcall::client
