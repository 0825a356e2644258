// The stored history, read back while it is written.
#include "store/history_reader.h"

#include <future>

#include "base/limits.h"
#include "catch.h"
#include "unit/store/roll.h"

namespace rollcall::store {
namespace {

using registry::Cause;
using registry::Event;
using registry::EventId;
using registry::EventKind;
using registry::HistoryPage;
using registry::HistoryQuery;

Event event(EventId id, std::string service, std::string instance, registry::ZoneId zone = k_svc) {
  return {.id = id,
          .at = registry::WallTime(std::chrono::milliseconds(1'769'851'800'000 + static_cast<std::int64_t>(id))),
          .key = {{zone, std::move(service)}, std::move(instance)},
          .kind = EventKind::registered,
          .cause = Cause::came_back,
          .by = "somebody",
          .detail = "a detail",
          .index = id};
}

struct HistoryWorld {
  TemporaryDirectory directory;
  TwoZones zones;
  std::unique_ptr<InstanceStore> store = InstanceStore::open(directory.database(), zones).value();
  std::unique_ptr<HistoryReader> reader = HistoryReader::open(directory.database(), zones).value();

  void record(const std::vector<Event>& events) {
    registry::Transaction transaction;
    for (const Event& each : events) transaction.events.push_back(std::make_shared<Event>(each));
    REQUIRE(store->record(transaction));
  }
  HistoryPage read(HistoryQuery query) const {
    std::promise<Result<HistoryPage>> page;
    REQUIRE(reader->read(std::move(query), [&](Result<HistoryPage> read) { page.set_value(std::move(read)); }));
    return page.get_future().get().value();
  }
};

// What a query may name.
struct Wanted {
  std::optional<registry::ZoneId> zone = std::nullopt;
  std::optional<std::string> service = std::nullopt;
  std::optional<std::string> id = std::nullopt;
  std::optional<EventId> after = std::nullopt;
};
HistoryQuery query(std::uint32_t limit, const Wanted& wanted = {}) {
  return {.what = {wanted.zone, wanted.service}, .id = wanted.id, .after = wanted.after, .limit = limit};
}

std::vector<EventId> ids(const HistoryPage& page) {
  std::vector<EventId> found;
  for (const Event& each : page.events) found.push_back(each.id);
  return found;
}
using Ids = std::vector<EventId>;

TEST_CASE("a history without events is an empty page") {
  const HistoryWorld world;
  CHECK(world.read(query(10)).events.empty());
  const HistoryPage page = world.read(query(10, {.after = 7}));
  CHECK(page.events.empty());
  CHECK(page.first == 0);
  CHECK(page.upto == 7);
}

TEST_CASE("events come back as they were written, the newest first") {
  HistoryWorld world;
  world.record({event(1, "web", "a"), event(2, "db", "x", k_other)});
  const HistoryPage page = world.read(query(10));
  CHECK(ids(page) == Ids{2, 1});
  const Event& read = page.events.front();
  CHECK(read.at == event(2, "db", "x").at);
  CHECK(read.key == registry::InstanceKey{{k_other, "db"}, "x"});
  CHECK(read.kind == EventKind::registered);
  CHECK(read.cause == Cause::came_back);
  CHECK(read.by == "somebody");
  CHECK(read.detail == "a detail");
  CHECK(read.index == 2);
}

TEST_CASE("a row that somebody has put into the history stops nothing, and gives way to the event of its number") {
  HistoryWorld world;
  Plain plain(world.directory.database());
  const auto put = [&](const std::string& id) {
    plain.query("INSERT INTO event (id, at_ms, zone, service, instance, event, cause, change_index) VALUES (" + id +
                ", 0, 'svc.internal', 'web', 'by hand', 'registered', 'registered', 0)");
  };
  world.record({event(1, "web", "a")});
  put("2");
  put("4");
  put("9223372036854775807");
  CHECK(ids(world.read(query(10))) == Ids{1});  // the others have not happened yet
  CHECK(world.read(query(10, {.after = 1})).upto == 1);
  world.record({event(2, "web", "b"), event(3, "web", "c")});
  const HistoryPage page = world.read(query(10, {.after = 1}));
  CHECK(ids(page) == Ids{2, 3});
  CHECK(page.events.at(0).key.id == "b");
  CHECK(page.upto == 3);
  CHECK(world.store->restore()->last_event == 3);
}

TEST_CASE("a server that starts again and again does not push the history out") {
  TemporaryDirectory directory;
  const TwoZones zones;
  const auto store =
      InstanceStore::open(directory.database(), zones, {.rows = 100, .age = std::chrono::hours(1)}).value();
  Plain plain(directory.database());
  EventId last = 0;
  const auto record = [&](std::size_t count, Cause cause) {
    registry::Transaction transaction;
    for (std::size_t i = 0; i < count; ++i) {
      Event each = event(++last, "web", "a");
      each.cause = cause;
      transaction.events.push_back(std::make_shared<Event>(each));
    }
    REQUIRE(store->record(transaction));
  };
  record(100, Cause::registered);
  for (int i = 0; i < 50; ++i) record(10, Cause::restored);
  CHECK(std::stoi(plain.value("SELECT count(*) FROM event WHERE cause = 'registered'")) >= 90);
  CHECK(plain.value("SELECT count(*) || ' ' || min(id) FROM event WHERE cause = 'restored'") == "10 591");
  record(11, Cause::restored);  // more than a tenth
  CHECK(plain.value("SELECT count(*) FROM event WHERE cause = 'restored'") == "0");
  record(60, Cause::registered);
  CHECK(std::stoi(plain.value("SELECT count(*) FROM event")) >= 100);
  CHECK(std::stoi(plain.value("SELECT count(*) FROM event")) <= 110);
  CHECK(plain.value("SELECT max(id) FROM event") == std::to_string(last));
}

TEST_CASE("rows of the history that nobody can have written are read as far as they make sense") {
  HistoryWorld world;
  world.record({event(1, "web", "a"), event(2, "web", "b")});
  Plain plain(world.directory.database());
  plain.query(
      "PRAGMA ignore_check_constraints = ON;"
      "UPDATE event SET at_ms = 9223372036854775807, change_index = -1 WHERE id = 1;"
      "UPDATE event SET event = 'up' WHERE id = 2;"
      "INSERT INTO event (id, at_ms, zone, service, instance, event, cause, change_index)"
      " VALUES (-9223372036854775808, 0, '', '', '', '', '', 0)");
  const HistoryPage page = world.read(query(10));
  CHECK(ids(page) == Ids{1});
  CHECK(page.events.at(0).index == 0);
  CHECK(page.events.at(0).at == registry::WallTime(limits::k_stored_time_max));
}

TEST_CASE("a page holds what its query names") {
  HistoryWorld world;
  world.record({event(1, "web", "a"), event(2, "web", "b"), event(3, "db", "a"), event(4, "web", "a", k_other)});
  CHECK(ids(world.read(query(10, {.service = "web"}))) == Ids{4, 2, 1});
  CHECK(ids(world.read(query(10, {.zone = k_svc, .service = "web"}))) == Ids{2, 1});
  CHECK(ids(world.read(query(10, {.zone = k_other}))) == Ids{4});
  CHECK(ids(world.read(query(10, {.id = "a"}))) == Ids{4, 3, 1});
  CHECK(ids(world.read(query(2))) == Ids{4, 3});
}

TEST_CASE("the history is read on from a number, page by page") {
  HistoryWorld world;
  world.record(
      {event(1, "web", "a"), event(2, "db", "x"), event(3, "web", "b"), event(4, "web", "c"), event(5, "db", "y")});
  const HistoryPage first = world.read(query(1, {.service = "web", .after = 1}));
  CHECK(ids(first) == Ids{3});
  CHECK(first.first == 2);
  CHECK(first.upto == 3);
  const HistoryPage second = world.read(query(10, {.service = "web", .after = 3}));
  CHECK(ids(second) == Ids{4});
  CHECK(second.upto == 5);  // looked at, and not for this filter
}

TEST_CASE("a hole in the numbers shows as a later first") {
  HistoryWorld world;
  world.record({event(8, "web", "a")});
  const HistoryPage page = world.read(query(10, {.after = 3}));
  CHECK(page.first == 8);
  CHECK(page.upto == 8);
}

TEST_CASE("rows that nobody can read any more are left out") {
  HistoryWorld world;
  world.record({event(1, "web", "a"), event(2, "web", "b"), event(3, "web", "c")});
  Plain plain(world.directory.database());
  static_cast<void>(plain.query("UPDATE event SET zone = 'gone.example' WHERE id = 1"));
  static_cast<void>(plain.query("UPDATE event SET cause = 'a whim' WHERE id = 3"));
  CHECK(ids(world.read(query(10))) == Ids{2});
  CHECK(world.read(query(1, {.after = 0})).upto == 1);
}

TEST_CASE("a history whose table is gone says so") {
  HistoryWorld world;
  Plain plain(world.directory.database());
  static_cast<void>(plain.query("DROP TABLE event"));
  std::promise<Errc> code;
  REQUIRE(world.reader->read(query(1), [&](const Result<HistoryPage>& page) { code.set_value(page.error().code); }));
  CHECK(code.get_future().get() == Errc::store_failed);
}

TEST_CASE("a reader that is closed takes no more questions") {
  HistoryWorld world;
  world.reader->close();
  bool was_called = false;
  CHECK_FALSE(world.reader->read(query(1), [&](const Result<HistoryPage>&) { was_called = true; }));
  CHECK_FALSE(was_called);
}

}  // namespace
}  // namespace rollcall::store
