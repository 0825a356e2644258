// The base URL of a registry's HTTP API: "http://127.0.0.1:8500", "https://registry.example/rollcall",
// "127.0.0.1:8500".
//
// Threads  any.
// Failure  an error message that quotes the text.
// Source   base/http_url.h. Defaults: the scheme http, and port 8500, on which rollcalld listens by default.
#pragma once

#include <string_view>

#include "base/http_url.h"
#include "base/result.h"

namespace rollcall::client {

using BaseUrl = HttpUrl;

[[nodiscard]] Result<BaseUrl> parse_base_url(std::string_view text);

}  // namespace rollcall::client
