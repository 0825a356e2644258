// Clients that watch the roll: server-sent events (WHATWG HTML §9.2), in chunks (RFC 9112 §7.1).
#include <string>
#include <vector>

#include "catch.h"
#include "unit/net/world.h"

namespace rollcall::net {
namespace {

using namespace testing;

// One chunk; empty: the last.
std::string read_chunk(Client& client) {
  const std::string size = client.read_until("\r\n");
  std::string chunk = client.read(std::stoul(size, nullptr, 16));
  CHECK(client.read(2) == "\r\n");
  return chunk;
}
// Chunks until `text` has come.
std::string read_until(Client& client, std::string_view text) {
  std::string all;
  while (all.find(text) == std::string::npos) {
    const std::string chunk = read_chunk(client);
    if (chunk.empty()) throw std::runtime_error("the stream has ended:\n" + all);
    all += chunk;
  }
  return all;
}
// Everything up to the end of the stream.
std::string read_to_end(Client& client) {
  std::string all;
  for (std::string chunk = read_chunk(client); !chunk.empty(); chunk = read_chunk(client)) all += chunk;
  CHECK(client.is_at_end());
  return all;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

Client watch(const World& world, std::string_view query = "", std::string_view fields = "") {
  Client client = world.http();
  client.send("GET /v1/watch" + std::string(query) + " HTTP/1.1\r\nHost: test\r\n" + std::string(fields) + "\r\n");
  const HttpAnswer head = client.read_http(false);
  CHECK(head.status == 200);
  CHECK(head.fields.at("Content-Type") == "text/event-stream");
  CHECK(head.fields.at("Transfer-Encoding") == "chunked");
  return client;
}

registry::Event stored(registry::EventId id, std::string service) {
  return {.id = id, .key = registry::testing::key(std::move(service), "old")};
}

TEST_CASE("a watch tells what happens from now on") {
  World world;
  world.add("web", "before");
  Client client = watch(world);
  CHECK(read_chunk(client).starts_with("retry: "));
  world.add("web", "a");
  const std::string text = read_until(client, "\n\n");
  CHECK(text.starts_with("id: 2\nevent: registered\ndata: {\"event_id\":2,\"event\":\"registered\""));
  CHECK(text.find(R"("zone":"svc.internal","service":"web","id":"a")") != std::string::npos);
  CHECK(world.counted(&api::Counters::watching) == 1);
}

TEST_CASE("a watch of one service hears of no other") {
  World world;
  Client client = watch(world, "?service=web");
  static_cast<void>(read_chunk(client));
  world.add("db", "x");
  world.add("web", "a");
  CHECK(read_until(client, "event: ").starts_with("id: 2\n"));
}

TEST_CASE("a watch goes on after the event its client knows") {
  World world;
  for (const char* id : {"a", "b", "c"}) world.add("web", id);
  SECTION("by the header") {
    Client client = watch(world, "", "Last-Event-ID: 1\r\n");
    CHECK(count(read_until(client, "id: 3\nevent"), "event: registered") == 2);
  }
  SECTION("by the parameter, which the header beats") {
    Client client = watch(world, "?last_event_id=0", "Last-Event-ID: 2\r\n");
    CHECK(count(read_until(client, "id: 3\nevent"), "event: registered") == 1);
  }
  CHECK(world.history().pages == 0);  // what is in memory is not looked for on the disk
}

TEST_CASE("what is forgotten in memory comes from the stored history, page by page, and then what happens now") {
  World world;
  for (registry::EventId id = 1; id <= 1'200; ++id) world.history().events.push_back(stored(id, "web"));
  world.feed().begin_after(1'200);
  Client client = watch(world, "", "Last-Event-ID: 100\r\n");
  const std::string text = read_until(client, "id: 1200\nevent");
  CHECK(count(text, "event: registered") == 1'100);
  CHECK(count(text, "event: gap") == 0);
  CHECK(world.history().pages >= 3);
}

TEST_CASE("a gap in the stored history is told") {
  World world;
  world.history().events = {stored(90, "web")};
  world.feed().begin_after(100);
  Client client = watch(world, "", "Last-Event-ID: 7\r\n");
  const std::string text = read_until(client, "\"from\":91,\"to\":100");
  CHECK(text.find("id: 89\nevent: gap\ndata: {\"from\":8,\"to\":89,") != std::string::npos);
  CHECK(text.find("id: 90\nevent: registered") != std::string::npos);
  CHECK(world.counted(&api::Counters::watchers_with_gap) == 2);
}

TEST_CASE("a stored history that leads no further ends the watch instead of being asked for ever") {
  World world;
  world.history().events = {stored(90, "web")};
  world.history().is_stuck = true;
  world.feed().begin_after(100);
  Client client = watch(world, "", "Last-Event-ID: 89\r\n");
  CHECK_THAT(read_until(client, "connect again"), Catch::Contains("the history cannot be read"));
  CHECK(world.history().pages == 1);
}

TEST_CASE("an event from the future is one of another database") {
  World world;
  world.add("web", "a");
  Client client = watch(world, "", "Last-Event-ID: 1000\r\n");
  CHECK(read_until(client, "event: gap").starts_with("id: 1\nevent: gap\n"));
  world.add("web", "b");
  CHECK(read_until(client, "event: registered").find("id: 2\n") != std::string::npos);
}

registry::EventId pair(registry::ChangeIndex index) { return registry::event_id(index, 0); }

TEST_CASE("numbers of a cluster that nobody has are no gap") {
  World world;
  world.decide();
  world.history().events = {stored(pair(90), "web"), stored(pair(95), "web")};
  world.feed().begin_after(pair(100), registry::EventNumbers::pairs);
  Client client = watch(world, "", "Last-Event-ID: 90.0\r\n");
  CHECK(read_until(client, "id: 95.0\nevent").find("event: gap") == std::string::npos);
}

TEST_CASE("a client of a cluster that knows everything that is stored waits for what comes") {
  World world;
  world.decide();
  world.history().events = {stored(pair(90), "web")};
  world.feed().begin_after(pair(100), registry::EventNumbers::pairs);
  Client client = watch(world, "", "Last-Event-ID: 92.0\r\n");
  CHECK(read_chunk(client).find("id: 92.0\n") != std::string::npos);
  world.feed().tell({std::make_shared<const registry::Event>(stored(pair(104), "web"))});
  const std::string text = read_until(client, "id: 104.0\nevent");
  CHECK(text.find("gap") == std::string::npos);
}

TEST_CASE("a client that knows of less than what is stored in a cluster is told of the gap") {
  World world;
  world.decide();
  world.history().events = {stored(pair(90), "web")};
  world.feed().begin_after(pair(100), registry::EventNumbers::pairs);
  Client client = watch(world, "", "Last-Event-ID: 7.0\r\n");
  CHECK(read_until(client, "id: 90.0\nevent").find("\"from\":\"7.1\"") != std::string::npos);
}

TEST_CASE("a client whose last event is known to another node of the cluster waits until it is known here") {
  World world;
  world.decide();
  world.feed().begin_after(pair(100), registry::EventNumbers::pairs);
  Client client = watch(world, "", "Last-Event-ID: 103.0\r\n");
  CHECK(read_chunk(client).find("id: 103.0\n") != std::string::npos);
  for (const registry::ChangeIndex index : {102U, 103U, 104U}) {
    world.feed().tell({std::make_shared<const registry::Event>(stored(pair(index), "web"))});
  }
  CHECK(read_until(client, "event: registered").starts_with("id: 104.0\n"));
}

TEST_CASE("a Last-Event-ID that is no number is 400") {
  World world;
  Client client = world.http();
  client.send("GET /v1/watch HTTP/1.1\r\nHost: test\r\nLast-Event-ID: yesterday\r\n\r\n");
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 400);
  CHECK(answer.body.find(R"("field":"Last-Event-ID")") != std::string::npos);
}

TEST_CASE("a client that reads slowly is cut off, and told where to go on") {
  World world({.dns = 10, .http = 10, .feed = 2'048});
  Client client = watch(world, "?last_event_id=0");
  static_cast<void>(read_chunk(client));
  // More than the system keeps for it, and far more than the feed does.
  const std::string long_word(60, 'x');
  constexpr int k_many = 6'000;
  Client writer = world.http();
  std::string together;
  for (int i = 0; i < k_many; ++i) together += registration(long_word + std::to_string(i));
  writer.send(together);
  for (int i = 0; i < k_many; ++i) REQUIRE(writer.read_http().status == 201);
  const std::string text = read_to_end(client);
  const std::size_t told = count(text, "event: registered");
  CHECK(told > 0);
  CHECK(told < k_many);
  CHECK(text.find(": too slow: connect again with Last-Event-ID: " + std::to_string(told) + "\n") != std::string::npos);
  CHECK(world.counted(&api::Counters::watchers_cut_off) == 1);
}

TEST_CASE("HEAD of a watch is its head, and the connection goes on") {
  World world;
  Client client = world.http();
  client.send(request("HEAD /v1/watch") + request("GET /healthz"));
  CHECK(client.read_http(false).fields.at("Content-Type") == "text/event-stream");
  CHECK(client.read_http().body == R"({"status":"up"})");
}

TEST_CASE("an HTTP/1.0 client gets the events without chunks") {
  World world;
  Client client = world.http();
  client.send("GET /v1/watch HTTP/1.0\r\n\r\n");
  const HttpAnswer head = client.read_http(false);
  CHECK_FALSE(head.fields.contains("Transfer-Encoding"));
  CHECK(head.fields.at("Connection") == "close");
  CHECK(client.read_until("\n\n").starts_with("retry: "));
  world.add("web", "a");
  CHECK(client.read_until("\n\n").starts_with("id: 1\n"));
}

TEST_CASE("a watch begins after the answers ahead of it, and is the last request of its connection") {
  World world;
  Client client = world.http();
  client.send(registration("a") + request("GET /v1/watch") + request("GET /healthz"));
  CHECK(client.read_http().status == 201);
  CHECK(client.read_http(false).fields.at("Content-Type") == "text/event-stream");
  CHECK(read_chunk(client).starts_with("retry: "));
  world.add("web", "b");
  CHECK(read_chunk(client).starts_with("id: 2\n"));
}

TEST_CASE("a watcher that goes is forgotten") {
  World world;
  {
    const Client client = watch(world);
    CHECK(world.counted(&api::Counters::watching) == 1);
  }
  while (world.counted(&api::Counters::watching) != 0) std::this_thread::yield();
}

TEST_CASE("a server that stops ends its watches with a word") {
  World world;
  Client client = watch(world);
  world.stop();
  std::string text;
  for (std::string chunk = read_chunk(client); !chunk.empty(); chunk = read_chunk(client)) text += chunk;
  CHECK(text.find(": the server stops: connect again with Last-Event-ID: 0\n") != std::string::npos);
}

}  // namespace
}  // namespace rollcall::net
