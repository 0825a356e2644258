#include "client/event_stream.h"

#include <string>
#include <vector>

#include "base/limits.h"
#include "catch.h"

namespace rollcall::client {
namespace {

std::vector<ServerEvent> read(const std::string& text, std::size_t piece_octets) {
  std::vector<ServerEvent> events;
  EventStream stream([&](const ServerEvent& event) {
    events.push_back(event);
    return true;
  });
  for (std::size_t at = 0; at < text.size(); at += piece_octets) {
    CHECK(stream.feed(std::string_view(text).substr(at, piece_octets)).value());
  }
  return events;
}

TEST_CASE("events are the same however the octets come") {
  const std::string text =
      "retry: 2000\n: the events after 41\nid: 41\n\nid: 42\nevent: registered\ndata: {\"a\":\ndata:1}\n\ndata: "
      "x\r\n\r\n";
  for (const std::size_t octets : {std::size_t{1}, std::size_t{7}, text.size()}) {
    const auto events = read(text, octets);
    REQUIRE(events.size() == 3);
    CHECK(events[0].id == "41");
    CHECK(events[0].data.empty());
    CHECK(events[1].id == "42");
    CHECK(events[1].name == "registered");
    CHECK(events[1].data == "{\"a\":\n1}");
    CHECK(events[2].id == "42");
    CHECK(events[2].name.empty());
    CHECK(events[2].data == "x");
  }
}

TEST_CASE("a comment is no event") { CHECK(read(": still here\n\n:\n\n", 3).empty()); }

TEST_CASE("who has seen enough reads no further") {
  int seen = 0;
  EventStream stream([&](const ServerEvent&) { return ++seen < 2; });
  CHECK_FALSE(stream.feed("data:1\n\ndata:2\n\ndata:3\n\n").value());
  CHECK(seen == 2);
}

TEST_CASE("an event has an end") {
  EventStream stream([](const ServerEvent&) { return true; });
  CHECK(stream.feed(std::string(limits::k_event_bytes_max, 'x')));
  const auto fed = stream.feed("x");
  REQUIRE_FALSE(fed);
  CHECK(fed.error().code == Errc::malformed);
}

}  // namespace
}  // namespace rollcall::client
