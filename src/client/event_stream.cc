#include "client/event_stream.h"

#include "base/limits.h"

namespace rollcall::client {

Result<bool> EventStream::feed(std::string_view piece) {
  for (const char octet : piece) {
    const bool ends_return = after_return_ && octet == '\n';
    after_return_ = octet == '\r';
    if (ends_return) continue;
    if (octet == '\n' || octet == '\r') {
      const bool goes_on = take_line(line_);
      line_.clear();
      if (!goes_on) return false;
      continue;
    }
    line_ += octet;
    if (line_.size() + event_.data.size() > limits::k_event_bytes_max) {
      return failure(Errc::malformed, "the stream of events has an event without end");
    }
  }
  return true;
}

bool EventStream::take_line(std::string_view line) {
  if (line.empty()) {
    if (!has_fields_) return true;
    if (event_.data.ends_with('\n')) event_.data.pop_back();
    const bool goes_on = on_event_(event_);
    event_.name.clear();
    event_.data.clear();
    has_fields_ = false;
    return goes_on;
  }
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "id") {
    event_.id = value;
  } else if (field == "event") {
    event_.name = value;
  } else if (field == "data") {
    event_.data.append(value) += '\n';
  } else {
    return true;
  }
  has_fields_ = true;
  return true;
}

}  // namespace rollcall::client
