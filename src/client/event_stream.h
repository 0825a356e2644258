// Server-sent events, read as they arrive: octets in pieces of any size, events out.
//
// Shape    feed() calls `on_event` for each event that a piece completes; false from it ends the reading.
// Failure  Errc::malformed for a line or an event that is longer than any of a registry's.
// Source   HTML, "Server-sent events", "Interpreting an event stream". A comment is no event; `retry` is not looked at.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::client {

struct ServerEvent {
  std::string id;    // of the latest event that had one; what Last-Event-ID goes on after
  std::string name;  // empty where the stream has only told an id
  std::string data;
};

class EventStream {
 public:
  using OnEvent = std::function<bool(const ServerEvent&)>;

  explicit EventStream(OnEvent on_event) : on_event_(std::move(on_event)) {}

  // Whether to go on.
  [[nodiscard]] Result<bool> feed(std::string_view piece);

 private:
  [[nodiscard]] bool take_line(std::string_view line);

  OnEvent on_event_;
  std::string line_;
  ServerEvent event_;
  bool has_fields_ = false;
  bool after_return_ = false;  // CR LF is one end of a line, CR alone is one too
};

}  // namespace rollcall::client
