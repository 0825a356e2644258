// The head of an HTTP/1.1 response, as text.
//
// Source   RFC 9112 §4, §6.3; RFC 9110 §6.6.1 (Date).
#pragma once

#include <string>

#include "api/message.h"

namespace rollcall::net {

// Appends status line and fields, up to and with the empty line. Content-Length is the body's; a 204 has none.
void write_head(std::string& out, const api::Response& response, bool keep_alive, unsigned version);

}  // namespace rollcall::net
