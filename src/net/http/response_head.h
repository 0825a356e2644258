// HTTP/1.1 responses as text.
//
// Failure  none: a header value with a line break is a programming error (check).
// Source   RFC 9112 §4, §6.3; RFC 9110 §6.6.1 (Date).
#pragma once

#include <string>
#include <string_view>

#include "api/message.h"
#include "net/sockets/outbox.h"

namespace rollcall::net {

// How an answer is framed; its request decides.
struct Framing {
  bool keep_alive = true;
  bool is_head = false;   // HEAD: no body is sent
  unsigned version = 11;  // 10 or 11
};

// Appends head and body.
void put_response(Outbox& out, api::Response response, const Framing& framing);

// Appends status line and fields, up to and with the empty line. Content-Length is the body's; a 204 has none.
void write_head(std::string& out, const api::Response& response, bool keep_alive, unsigned version);

// The same for an answer without Content-Length: it ends with its last chunk, or with the connection.
void write_stream_head(std::string& out, std::string_view content_type, bool keep_alive, unsigned version);

// One chunk (RFC 9112 §7.1); an HTTP/1.0 client gets the text as it is. An empty chunk is the last.
void write_chunk(std::string& out, std::string_view text, unsigned version);

}  // namespace rollcall::net
