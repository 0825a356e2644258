// Headers and bodies, and how large they may be.
#include <chrono>
#include <string>
#include <thread>

#include "base/limits.h"
#include "catch.h"
#include "unit/net/world.h"

namespace rollcall::net {
namespace {

using namespace testing;

constexpr std::string_view k_heartbeat = "POST /v1/heartbeat";

// A request for /healthz whose head, from the request line to the empty one, has exactly this many octets; most of them in
// the target, or in a field.
std::string request_with_long_target(std::size_t bytes) {
  const std::string end = " HTTP/1.1\r\nHost: test\r\n\r\n";
  const std::string start = "GET /healthz?zone=svc.internal";
  return start + std::string(bytes - start.size() - end.size(), '&') + end;
}
std::string request_with_long_field(std::size_t bytes) {
  const std::string start = "GET /healthz HTTP/1.1\r\nHost: test\r\nX-Long: ";
  return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
}

TEST_CASE("a head may have 8 KiB, its request line among them") {
  World world;
  const auto make = GENERATE(&request_with_long_target, &request_with_long_field);
  const auto is_cut = GENERATE(false, true);  // whether it comes in two pieces
  Client client = world.http();
  const auto send = [&](const std::string& request) {
    client.send(request.substr(0, is_cut ? 5000 : 0));
    client.send(request.substr(is_cut ? 5000 : 0));
  };
  send(make(limits::k_http_header_bytes_max));
  CHECK(client.read_http().status == 200);
  send(make(limits::k_http_header_bytes_max + 1));
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 431);
  CHECK(answer.fields.at("Content-Type") == "application/problem+json");
  CHECK(client.is_at_end());
}

TEST_CASE("a request is taken whole, wherever the reads cut it") {
  World world;
  Client client = world.http();
  constexpr std::string_view k_small = "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";
  for (const std::size_t bytes : {1023UZ, 1024UZ, 1025UZ, 2047UZ, 2048UZ, 2049UZ}) {
    client.send(k_small);
    CHECK(client.read_http().status == 200);
    client.send(request_with_long_field(bytes));
    CHECK(client.read_http().status == 200);
    client.send(request_with_long_field(bytes) + std::string(k_small) + request_with_long_target(bytes));
    for (int i = 0; i < 3; ++i) CHECK(client.read_http().status == 200);
  }
}

TEST_CASE("a head that never ends is refused before it is whole") {
  World world;
  Client client = world.http();
  client.send("GET /healthz HTTP/1.1\r\nX-Long: " + std::string(limits::k_http_header_bytes_max + 1, 'x'));
  CHECK(client.read_http().status == 431);
}

TEST_CASE("a head that is too large is not taken for its line, wherever the reads cut it") {
  World world;
  const std::size_t cut = GENERATE(0UZ, 100UZ, 1024UZ, 5000UZ, 5050UZ, 6000UZ);
  Client client = world.http();
  const std::string head =
      "GET /" + std::string(5'000, 'x') + " HTTP/1.1\r\nHost: test\r\nX: " + std::string(5'000, 'y');
  client.send(head.substr(0, cut));
  std::this_thread::sleep_for(std::chrono::milliseconds(cut > 0 ? 20 : 0));
  client.send(head.substr(cut));
  CHECK(client.read_http().status == 431);
  CHECK(client.is_at_end());
}

TEST_CASE("a target without end is refused as one") {
  World world;
  Client client = world.http();
  client.send("GET /" + std::string(limits::k_http_header_bytes_max, 'x'));
  CHECK(client.read_http().status == 414);
  CHECK(client.is_at_end());
}

TEST_CASE("the head of a chunk does not go on for ever, nor do trailers") {
  World world;
  const std::string chunk = GENERATE(as<std::string>(), "2;x=", "2\r\n{}\r\n0;x=", "0\r\nX-Trailer: ");
  Client client = world.http();
  client.send("POST /v1/heartbeat HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk);
  client.send(std::string(limits::k_http_chunk_header_bytes_max + 1, 'x'));
  CHECK(client.read_http().status == 400);
  CHECK(client.is_at_end());
}

TEST_CASE("a body may have 64 KiB, and that of the batch a MiB") {
  World world;
  const auto [line, most] = GENERATE(Catch::Generators::table<std::string, std::size_t>(
      {{"POST /v1/heartbeat", limits::k_http_body_bytes_max},
       {"PUT /v1/services/web/instances/i-1", limits::k_http_body_bytes_max},
       {"POST /v1/heartbeats", limits::k_http_batch_body_bytes_max},
       {"POST /v1/heartbeats?zone=svc.internal", limits::k_http_batch_body_bytes_max}}));
  Client client = world.http();
  client.send(request(line, std::string(most, ' ')));
  CHECK(client.read_http().status == 400);  // read whole, and found to be no JSON
  client.send(request(line, std::string(most + 1, ' ')));
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 413);
  CHECK(answer.fields.at("Connection") == "close");
  CHECK(client.is_at_end());
}

TEST_CASE("a body in chunks is read as any other, and held to the same size") {
  World world;
  Client client = world.http();
  const std::string head = std::string(k_heartbeat) + " HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = R"({"service":"web","id":"i-1","address":"192.0.2.1","port":8080})";
  client.send(head + "a\r\n" + body.substr(0, 10) + "\r\n");
  std::string rest_bytes = "34";  // 52 octets are left
  REQUIRE(body.size() - 10 == 0x34);
  client.send(rest_bytes + "\r\n" + body.substr(10) + "\r\n0\r\n\r\n");
  CHECK(client.read_http().status == 201);
  client.send(head);
  const std::string chunk = "1000\r\n" + std::string(0x1000, ' ') + "\r\n";
  for (int i = 0; i < 17; ++i) client.send(chunk);
  CHECK(client.read_http().status == 413);
}

TEST_CASE("a client that asks before it sends its body is told to go on") {
  World world;
  Client client = world.http();
  const std::string body = R"({"service":"web","id":"i-1","address":"192.0.2.1","port":8080})";
  const std::string head = std::string(k_heartbeat) + " HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n" +
                           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  SECTION("and then gets its answer") {
    client.send(head);
    CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(body);
    CHECK(client.read_http().status == 201);
  }
  SECTION("but not when the body is here already") {
    client.send(head + body);
    CHECK(client.read_http().status == 201);
  }
  SECTION("in its turn") {
    registry::testing::Gate& gate = world.hold_the_journal();
    client.send(registration("first") + head);
    gate.wait_until_entered();
    gate.open();
    CHECK(client.read_http().status == 201);
    CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(body);
    CHECK(client.read_http().status == 201);
  }
}

TEST_CASE("a client that asks before it sends its body is not told to go on after the last answer of its connection") {
  World world({.times = {.commit = 1ms}});
  registry::testing::Gate& gate = world.hold_the_journal();
  Client client = world.http();
  client.send(registration("late") + std::string(k_heartbeat) +
              " HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  gate.wait_until_entered();
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 503);
  CHECK(answer.fields.at("Connection") == "close");
  CHECK(client.is_at_end());
  gate.open();
}

TEST_CASE("a client that asks before it sends too much is told not to") {
  World world;
  Client client = world.http();
  client.send(std::string(k_heartbeat) + " HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: " +
              std::to_string(limits::k_http_body_bytes_max + 1) + "\r\n\r\n");
  CHECK(client.read_http().status == 413);
  CHECK(client.is_at_end());
}

TEST_CASE("an HTTP/1.0 client is never told to go on") {
  World world;
  Client client = world.http();
  const std::string body = R"({"service":"web","id":"i-1","address":"192.0.2.1","port":8080})";
  client.send(std::string(k_heartbeat) +
              " HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
  client.send(body);
  CHECK(client.read_until("\r\n").starts_with("HTTP/1.0 201"));
}

TEST_CASE("a refused client that goes on sending still reads why") {
  World world;
  Client client = world.http();
  client.send(std::string(k_heartbeat) + " HTTP/1.1\r\nHost: test\r\nContent-Length: 8000000\r\n\r\n");
  try {
    for (int i = 0; i < 200; ++i) client.send(std::string(10'000, 'x'));
  } catch (const std::runtime_error&) {
    // The server may have closed while we were sending; the answer was there before.
  }
  CHECK(client.read_http().status == 413);
}

TEST_CASE("a connection beyond the limit is closed") {
  World world({.dns = 1000, .http = 1});
  Client first = world.http();
  first.send(request("GET /healthz"));
  CHECK(first.read_http().status == 200);
  Client second = world.http();
  CHECK(second.is_at_end());
  CHECK(world.server().http_connections().refused == 1);
  CHECK(world.server().http_connections().accepted == 1);
}

TEST_CASE("replies that come while the server stops reach their clients") {
  World world;
  registry::testing::Gate& gate = world.hold_the_journal();
  Client client = world.http();
  client.send(registration("i-1"));
  gate.wait_until_entered();
  Client idle = world.http();
  world.stop();
  CHECK(client.read_http().status == 201);
}

}  // namespace
}  // namespace rollcall::net
