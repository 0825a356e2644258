// Server-sent events, as the client reads them: the same however the stream is cut.
#include "client/event_stream.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/targets.h"

namespace rollcall::fuzz {
namespace {

// Everything that was told, as one text; `piece` octets at a time.
std::string read_stream(std::string_view stream, std::size_t piece) {
  std::string told;
  client::EventStream events([&](const client::ServerEvent& event) {
    told += event.id + '\n' + event.name + '\n' + event.data + '\0';
    return true;
  });
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const auto fed = events.feed(stream.substr(at, piece));
    if (!fed) return told + "failed";
    expect(*fed, "nobody has asked it to stop");
  }
  return told;
}

}  // namespace

void event_stream(Bytes input) {
  if (input.empty()) return;
  const std::size_t piece = std::max<std::size_t>(input.front(), 1);
  const std::string_view stream(reinterpret_cast<const char*>(input.data()) + 1, input.size() - 1);
  expect(read_stream(stream, piece) == read_stream(stream, std::max<std::size_t>(stream.size(), 1)),
         "events are the same however the stream is cut");
}

}  // namespace rollcall::fuzz
