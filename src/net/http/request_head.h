// What the head of a request must be before its body is read, besides what the parser looks at.
//
// Source   RFC 9112 §3.2 (Host), §6.1, §6.3 (who reads where a body ends otherwise than the one in front of us is told
//          other requests than that one was); RFC 9110 §11.6.2 (one Authorization).
#pragma once

#include <boost/beast/http/message.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::net {

struct Refusal {
  unsigned status;
  std::string_view code;
  std::string detail;
};

// Empty: nothing is wrong with it. `is_chunked`: the parser takes the body for chunks.
[[nodiscard]] std::optional<Refusal> find_fault(const boost::beast::http::request_header<>& head, bool is_chunked);

}  // namespace rollcall::net
