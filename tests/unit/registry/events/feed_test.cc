// The history in memory: what can be read on from, and what is forgotten.
#include "registry/events/feed.h"

#include "catch.h"
#include "unit/registry/world.h"

namespace rollcall::registry::testing {
namespace {

std::shared_ptr<const Event> event(EventId id, std::string detail = {}) {
  return std::make_shared<const Event>(Event{.id = id, .key = key("web", "a"), .detail = std::move(detail)});
}

void tell(Feed& feed, EventId first, EventId last) {
  Feed::Events events;
  for (EventId id = first; id <= last; ++id) events.push_back(event(id));
  feed.tell(std::move(events));
}

std::vector<EventId> ids(const std::optional<Feed::Events>& events) {
  std::vector<EventId> found;
  for (const auto& each : events.value()) found.push_back(each->id);
  return found;
}

class Ear final : public Feed::Listener {
 public:
  void has_more() override { ++heard; }
  int heard = 0;
};

TEST_CASE("a feed goes on from the numbers given before") {
  Feed feed;
  feed.begin_after(41);
  CHECK(feed.last() == 41);
  CHECK(feed.first() == 42);
  CHECK(ids(feed.read(42, 10)).empty());
  CHECK_FALSE(feed.read(41, 10));
  tell(feed, 42, 44);
  CHECK(ids(feed.read(42, 10)) == std::vector<EventId>{42, 43, 44});
  CHECK(ids(feed.read(43, 1)) == std::vector<EventId>{43});
  CHECK(ids(feed.read(45, 10)).empty());
  CHECK(ids(feed.read(1'000, 10)).empty());
}

TEST_CASE("the oldest events are forgotten first, beyond a number of them") {
  Feed feed(3);
  tell(feed, 1, 3);
  CHECK(feed.first() == 1);
  tell(feed, 4, 4);
  CHECK(feed.first() == 2);
  CHECK_FALSE(feed.read(1, 10));
  CHECK(ids(feed.read(2, 10)) == std::vector<EventId>{2, 3, 4});
}

TEST_CASE("the oldest events are forgotten first, beyond their octets") {
  Feed feed(100, 4 * sizeof(Event));
  tell(feed, 1, 2);
  CHECK(feed.first() == 1);
  feed.tell({event(3, std::string(2 * sizeof(Event), 'x'))});
  CHECK(feed.first() == 3);
}

TEST_CASE("numbers that were never told cannot be read over") {
  Feed feed;
  tell(feed, 1, 2);
  tell(feed, 5, 6);
  CHECK_FALSE(feed.read(2, 10));
  CHECK(ids(feed.read(5, 10)) == std::vector<EventId>{5, 6});
}

TEST_CASE("a listener hears that there is more, until it leaves") {
  Feed feed;
  Ear ear;
  tell(feed, 1, 2);
  CHECK(feed.listen(ear) == 2);
  tell(feed, 3, 9);
  CHECK(ear.heard == 1);
  feed.leave(ear);
  tell(feed, 10, 10);
  CHECK(ear.heard == 1);
}

TEST_CASE("events are counted by what became of the instance") {
  Feed feed;
  feed.tell({std::make_shared<const Event>(Event{.id = 1, .kind = EventKind::expired}), event(2)});
  CHECK(feed.told(EventKind::expired) == 1);
  CHECK(feed.told(EventKind::registered) == 1);
  CHECK(feed.told(EventKind::draining) == 0);
}

TEST_CASE("a filter takes what it names") {
  const Event web{.key = key("web", "a")};
  CHECK(EventFilter{}.takes(web));
  CHECK(EventFilter{k_svc, "web"}.takes(web));
  CHECK(EventFilter{std::nullopt, "web"}.takes(web));
  CHECK_FALSE(EventFilter{std::nullopt, "db"}.takes(web));
  CHECK_FALSE(EventFilter{k_lab, "web"}.takes(web));
}

TEST_CASE("numbers of a cluster have gaps, and are read on from wherever a reader is") {
  Feed feed(4);
  feed.begin_after(event_id(5, 0), EventNumbers::pairs);
  CHECK(feed.first() == event_id(5, 1));
  CHECK(ids(feed.read(event_id(5, 1), 10)).empty());
  feed.tell({event(event_id(7, 0)), event(event_id(7, 1)), event(event_id(12, 0))});
  CHECK(ids(feed.read(event_id(5, 1), 10)) == std::vector<EventId>{event_id(7, 0), event_id(7, 1), event_id(12, 0)});
  CHECK(ids(feed.read(event_id(7, 1), 10)) == std::vector<EventId>{event_id(7, 1), event_id(12, 0)});
  CHECK(ids(feed.read(event_id(8, 0), 10)) == std::vector<EventId>{event_id(12, 0)});
  CHECK(ids(feed.read(event_id(12, 1), 10)).empty());
  feed.tell({event(event_id(20, 0)), event(event_id(21, 0))});
  CHECK(feed.first() == event_id(7, 1));
  CHECK_FALSE(feed.read(event_id(7, 0), 10));
  CHECK(ids(feed.read(feed.first(), 1)) == std::vector<EventId>{event_id(7, 1)});
}

TEST_CASE("the number of an event is read as it is written") {
  CHECK(to_text(17, EventNumbers::plain) == "17");
  CHECK(to_text(event_id(17, 3), EventNumbers::pairs) == "17.3");
  CHECK(parse_event_id("17", EventNumbers::plain) == 17);
  CHECK(parse_event_id("17.3", EventNumbers::pairs) == event_id(17, 3));
  CHECK(parse_event_id("17", EventNumbers::pairs) == event_id(18, 0) - 1);
  for (const char* wrong : {"", ".", "17.", ".3", "17.3.1", "-1", "17.1048576", "x", "99999999999999999999"}) {
    CHECK_FALSE(parse_event_id(wrong, EventNumbers::pairs));
  }
  CHECK_FALSE(parse_event_id("17.3", EventNumbers::plain));
}

}  // namespace
}  // namespace rollcall::registry::testing
