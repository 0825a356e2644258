// A whole request as nearly every client sends it, found in a connection's buffer without a parser's state.
//
//   POST /v1/services/web/instances/web-1/heartbeat HTTP/1.1
//   Host: 192.0.2.1:8500
//   Content-Length: 0
//
// Shape    one of five methods, an origin-form target, HTTP/1.1, fields that mean nothing for the framing, at most one
//          Content-Length, and all of the body. Views borrow from the buffer.
// Rule     a request that is accepted here is accepted by Beast's parser as well, as the same request, and does not close
//          the connection. Everything else, errors included, is left to Beast. tests/fuzz/http_request.cc compares both.
// Source   RFC 9112 §3, §5, §6.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "api/message.h"

namespace rollcall::net {

struct FastRequest {
  api::Method method = api::Method::get;
  std::string_view target;
  std::string_view fields;         // the lines of the head, each with its end
  std::string_view authorization;  // empty where there is none
  std::string_view body;
  std::size_t bytes = 0;  // of the buffer: head and body
};

// Empty: the buffer begins with something else, or with less than a whole request.
[[nodiscard]] std::optional<FastRequest> find_fast_request(std::string_view buffer);

}  // namespace rollcall::net
