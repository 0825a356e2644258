// Watching the roll, and looking back: what is asked of the rest of the server, and what events look like.
#include "api/event_text.h"
#include "catch.h"
#include "unit/api/fixture.h"
#include "unit/registry/authority.h"

namespace rollcall::api::native {
namespace {

using namespace testing;

registry::Event event(registry::EventKind kind) {
  return {.id = 7,
          .at = k_wall_now,
          .key = {{registry::ZoneId{0}, "web"}, "a\"b"},
          .kind = kind,
          .cause = registry::Cause::check_failed,
          .by = "somebody",
          .detail = "line\nbreak",
          .index = 9};
}

Watch watch_of(World& world, std::string_view target, std::string_view last_event_id = {}) {
  world.fields.fields = {{"Last-Event-ID", last_event_id}};
  return std::get<Watch>(world.api.route(
      {.method = Method::get, .target = target, .body = {}, .caller = &world.caller, .fields = &world.fields},
      world.clock.now(), world.counters));
}
HistoryRequest asking_of(World& world, std::string_view target) {
  return std::get<HistoryRequest>(
      world.api.route({.method = Method::get, .target = target, .body = {}, .caller = &world.caller}, world.clock.now(),
                      world.counters));
}

TEST_CASE("a watch is of everything, of a zone, or of a service") {
  World world;
  const Watch everything = watch_of(world, "/v1/watch");
  CHECK_FALSE(everything.what.zone);
  CHECK_FALSE(everything.what.service);
  CHECK_FALSE(everything.after);
  const Watch one = watch_of(world, "/v1/watch?service=WEB&zone=lab.example");
  CHECK(one.what.zone == registry::ZoneId{1});
  CHECK(one.what.service == "web");
}

TEST_CASE("a watch goes on after the event that is named, in the header before the parameter") {
  World world;
  CHECK(watch_of(world, "/v1/watch?last_event_id=4").after == 4);
  CHECK(watch_of(world, "/v1/watch", "5").after == 5);
  CHECK(watch_of(world, "/v1/watch?last_event_id=4", "5").after == 5);
  CHECK(problem_of(world.get("/v1/watch?last_event_id=four")) == "400 invalid_field last_event_id");
  CHECK(problem_of(world.get("/v1/watch?id=a")) == "400 invalid_field id");
}

TEST_CASE("the history is asked for what is named, a hundred events unless more are wanted") {
  World world;
  CHECK(asking_of(world, "/v1/events").query.limit == 100);
  const HistoryRequest asking = asking_of(world, "/v1/events?service=web&id=a&limit=10000&zone=svc.internal");
  CHECK(asking.query.what.service == "web");
  CHECK(asking.query.what.zone == registry::ZoneId{0});
  CHECK(asking.query.id == "a");
  CHECK(asking.query.limit == 10'000);
  CHECK_FALSE(asking.query.after);
  CHECK(problem_of(world.get("/v1/events?limit=10001")) == "400 invalid_field limit");
  CHECK(problem_of(world.get("/v1/events?limit=0")) == "400 invalid_field limit");
}

TEST_CASE("a page of the history is a list of events") {
  World world;
  const Response response =
      asking_of(world, "/v1/events").answer(registry::HistoryPage{.events = {event(registry::EventKind::critical)}});
  CHECK(response.status == 200);
  const boost::json::value read = parse(response).at("events").at(0);
  CHECK(number_of(read, "event_id") == 7);
  CHECK(text_of(read, "event") == "critical");
  CHECK(text_of(read, "cause") == "check failed");
  CHECK(text_of(read, "at") == "2026-01-31T09:30:00.250Z");
  CHECK(text_of(read, "zone") == "svc.internal");
  CHECK(text_of(read, "id") == "a\"b");
  CHECK(text_of(read, "status") == "critical");
  CHECK(text_of(read, "by") == "somebody");
  CHECK(text_of(read, "detail") == "line\nbreak");
  CHECK(number_of(read, "index") == 9);
}

TEST_CASE("a history that cannot be read is 503, and counted") {
  World world;
  const Response response = asking_of(world, "/v1/events").answer(failure(Errc::store_busy, "the store says no"));
  CHECK(problem_of(response) == "503 store_busy");
  CHECK(world.counters.server_errors == 1);
}

TEST_CASE("an event of the stream is one line of data, with its number and its kind") {
  const std::string text = stream_event(event(registry::EventKind::registered), "svc.internal", EventNumbers::plain);
  CHECK(text.starts_with("id: 7\nevent: registered\ndata: {\"event_id\":7,"));
  CHECK(text.ends_with("}\n\n"));
  CHECK(std::ranges::count(text, '\n') == 4);
  CHECK(text.find("\"status\"") == std::string::npos);
}

TEST_CASE("the number of an event of a cluster is a text of two numbers") {
  registry::Event told = event(registry::EventKind::registered);
  told.id = registry::event_id(9, 2);
  const std::string text = stream_event(told, "svc.internal", EventNumbers::pairs);
  CHECK(text.starts_with("id: 9.2\nevent: registered\ndata: {\"event_id\":\"9.2\","));
  CHECK(stream_start(told.id, EventNumbers::pairs).find("id: 9.2\n") != std::string::npos);
  const std::string gap = stream_gap(registry::event_id(3, 0), told.id, EventNumbers::pairs);
  CHECK(gap.starts_with("id: 9.2\nevent: gap\ndata: {\"from\":\"3.0\",\"to\":\"9.2\","));
}

TEST_CASE("a watch of a cluster goes on after a pair of numbers, or after an index") {
  World world;
  registry::testing::ScriptedAuthority authority;
  world.registry.let_decide(authority);
  const auto after = [&](std::string_view id) {
    const std::string target = "/v1/watch?last_event_id=" + std::string(id);
    Request request;
    request.method = Method::get;
    request.target = target;
    request.caller = &world.caller;
    request.fields = &world.fields;
    return std::get<Watch>(world.api.route(request, world.clock.now(), world.counters)).after;
  };
  CHECK(after("9.2") == registry::event_id(9, 2));
  CHECK(after("9") == registry::event_id(10, 0) - 1);
  CHECK(problem_of(world.get("/v1/watch?last_event_id=9.")) == "400 invalid_field last_event_id");
  CHECK(problem_of(world.get("/v1/watch?last_event_id=9.1048576")) == "400 invalid_field last_event_id");
}

TEST_CASE("what is no event has no data") {
  for (const std::string& text : {stream_start(3, EventNumbers::plain), stream_keep_alive(3, EventNumbers::plain),
                                  stream_end("too slow", 3, EventNumbers::plain)}) {
    CHECK(text.find("data:") == std::string::npos);
    CHECK(text.ends_with("\n\n"));
  }
  CHECK(stream_end("too slow", 3, EventNumbers::plain) == ": too slow: connect again with Last-Event-ID: 3\n\n");
}

}  // namespace
}  // namespace rollcall::api::native
