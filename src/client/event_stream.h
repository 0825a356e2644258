// An incremental parser for server-sent events (text/event-stream): octets in, in pieces of any size; events out.
//
// Shape    feed() calls `on_event` for each event that the piece completes. If `on_event` returns false, reading stops.
// Threads  one thread.
// Failure  Errc::malformed if a line or an event is longer than the limit.
// Source   WHATWG HTML, "Server-sent events", "Interpreting an event stream". Comments and `retry` fields are ignored.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rollcall::client {

struct ServerEvent {
  std::string id;    // the last id received; send it as Last-Event-ID to resume the stream
  std::string name;  // event type; empty if the event had only an id
  std::string data;
};

class EventStream {
 public:
  using OnEvent = std::function<bool(const ServerEvent&)>;

  explicit EventStream(OnEvent on_event) : on_event_(std::move(on_event)) {}

  // Returns false when `on_event` has asked to stop.
  [[nodiscard]] Result<bool> feed(std::string_view piece);

 private:
  [[nodiscard]] bool take_line(std::string_view line);

  OnEvent on_event_;
  std::string line_;
  ServerEvent event_;
  bool has_fields_ = false;
  bool after_return_ = false;  // the last octet was CR: a LF that follows belongs to the same line end
};

}  // namespace rollcall::client
