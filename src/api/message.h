// HTTP requests and responses as this room sees them: no sockets and no parser. net/ fills the one and sends the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/caller.h"

namespace rollcall::api {

enum class Method : std::uint8_t { get, head, post, put, del, other };

// Borrowed from the connection's buffer for the call.
struct Request {
  Method method = Method::get;
  std::string_view target;  // origin form, as sent: "/v1/services/web?zone=…"
  std::string_view body;
  std::string_view last_event_id = {};  // the header's value; empty where there is none
  std::string_view authorization = {};  // the header field, as sent; empty where there is none
  bool is_from_page = false;            // it has an Origin field: a browser asks for a page, not for who sits before it
  Caller* caller = nullptr;             // the connection's; null: somebody without address or certificate
};

struct Response {
  unsigned status = 200;
  std::string_view content_type = "application/json";  // a constant; meaningless when the body is empty
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;  // names are constants
};

}  // namespace rollcall::api
