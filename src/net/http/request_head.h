// Checks the head of a request before its body is read, for faults that the parser does not look for.
//
// Threads  any.
// Source   RFC 9112 §3.2 (Host); §6.1, §6.3 (prevents request smuggling: a proxy in front and we must agree where a body
//          ends); RFC 9110 §11.6.2 (one Authorization).
#pragma once

#include <boost/beast/http/message.hpp>
#include <optional>
#include <string>

#include "api/refusal.h"

namespace rollcall::net {

struct HeadFault {
  api::Fault kind;
  std::string detail;
};

// Empty: there is none. `is_chunked`: the parser reads the body as chunks.
[[nodiscard]] std::optional<HeadFault> find_fault(const boost::beast::http::request_header<>& head, bool is_chunked);

}  // namespace rollcall::net
