// The head of an HTTP/1.1 response, as text.
//
// Source   RFC 9112 §4, §6.3; RFC 9110 §6.6.1 (Date).
#pragma once

#include <string>
#include <string_view>

#include "api/message.h"

namespace rollcall::net {

// Appends status line and fields, up to and with the empty line. Content-Length is the body's; a 204 has none.
void write_head(std::string& out, const api::Response& response, bool keep_alive, unsigned version);

// The same of an answer that has no end but the connection's, or that of its chunks.
void write_stream_head(std::string& out, std::string_view content_type, bool keep_alive, unsigned version);

// One chunk (RFC 9112 §7.1); an HTTP/1.0 client gets the text as it is. The last one is empty.
void write_chunk(std::string& out, std::string_view text, unsigned version);

}  // namespace rollcall::net
