// HTTP connections: RFC 9112.
#include <string>
#include <vector>

#include "base/limits.h"
#include "catch.h"
#include "unit/net/world.h"

namespace rollcall::net {
namespace {

using namespace testing;

constexpr std::string_view k_health = "GET /healthz";

TEST_CASE("a connection serves one request after the other") {
  World world;
  Client client = world.http();
  for (int i = 0; i < 3; ++i) {
    client.send(request(k_health));
    const HttpAnswer answer = client.read_http();
    CHECK(answer.status == 200);
    CHECK(answer.version == "HTTP/1.1");
    CHECK(answer.fields.contains("Date"));
    CHECK_FALSE(answer.fields.contains("Connection"));
  }
}

TEST_CASE("a request may come octet by octet") {
  World world;
  Client client = world.http();
  for (const char octet : registration("i-1")) client.send(std::string(1, octet));
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 201);
  CHECK(answer.fields.at("Location") == "/v1/services/web/instances/i-1");
  CHECK(answer.fields.at("Content-Type") == "application/json");
}

TEST_CASE("requests that come together are answered in their order") {
  World world;
  Client client = world.http();
  std::string together;
  for (int i = 0; i < 100; ++i) together += request("GET /v1/services/s" + std::to_string(i));
  client.send(together);
  for (int i = 0; i < 100; ++i) {
    const HttpAnswer answer = client.read_http();
    REQUIRE(answer.status == 404);
    REQUIRE(answer.body.find("\"s" + std::to_string(i) + "\\\"") != std::string::npos);
  }
}

TEST_CASE("more requests than a connection may have waiting are answered all the same") {
  World world;
  Client client = world.http();
  std::string together;
  const std::size_t count = 3 * limits::k_http_pipeline_max;
  for (std::size_t i = 0; i < count; ++i) together += registration("i-" + std::to_string(i));
  client.send(together);
  for (std::size_t i = 0; i < count; ++i) {
    const HttpAnswer answer = client.read_http();
    REQUIRE(answer.status == 201);
    REQUIRE(answer.fields.at("Location").ends_with("/i-" + std::to_string(i)));
  }
}

TEST_CASE("a registration whose commit is held back keeps its place, and what comes behind it waits") {
  World world;
  registry::testing::Gate& gate = world.hold_the_journal();
  Client client = world.http();
  client.send(registration("i-1") + request("GET /v1/services/web/instances/i-1") + registration("i-2") +
              request("DELETE /v1/services/web/instances/i-1") + request("GET /v1/services/web/instances/i-1"));
  gate.wait_until_entered();
  Client other = world.http();  // another connection waits for nobody
  other.send(request("GET /v1/services/web/instances/i-1"));
  CHECK(other.read_http().status == 404);
  gate.open();
  CHECK(client.read_http().status == 201);
  CHECK(client.read_http().status == 200);  // it sees what was asked before it
  CHECK(client.read_http().status == 201);
  CHECK(client.read_http(false).status == 204);
  CHECK(client.read_http().status == 404);
}

TEST_CASE("who waits too long for a commit is told so, and the connection ends") {
  World world({.times = {.commit = 1ms}});
  registry::testing::Gate& gate = world.hold_the_journal();
  Client client = world.http();
  client.send(registration("i-1") + registration("i-2") + request("GET /v1/services/web/instances/i-1"));
  gate.wait_until_entered();
  for (int i = 0; i < 2; ++i) {
    const HttpAnswer answer = client.read_http();
    CHECK(answer.status == 503);
    CHECK(answer.body.find("outcome_unknown") != std::string::npos);
    CHECK(answer.fields.at("Connection") == "close");
    CHECK(answer.fields.contains("Retry-After"));
  }
  CHECK(client.is_at_end());
  Client silent = world.http();  // has closed its side, and gets its answer all the same
  silent.send(registration("i-3"));
  silent.close_sending();
  CHECK(silent.read_http().status == 503);
  gate.open();
  Client other = world.http();
  other.send(request("DELETE /v1/services/web/instances/i-2"));  // behind them all
  other.send(request("GET /v1/services/web/instances/i-1"));
  CHECK(other.read_http(false).status == 204);
  CHECK(other.read_http().status == 200);  // it was made after all
}

TEST_CASE("registrations that come together share a commit") {
  World world;
  registry::testing::Gate& gate = world.hold_the_journal();
  Client client = world.http();
  client.send(registration("first"));
  gate.wait_until_entered();
  std::string together;
  for (int i = 0; i < 50; ++i) together += registration("i-" + std::to_string(i));
  client.send(together);
  client.close_sending();  // and goes on waiting for its answers
  gate.open();
  for (int i = 0; i < 51; ++i) REQUIRE(client.read_http().status == 201);
  CHECK(client.is_at_end());
}

TEST_CASE("a client that has gone before its commit hurts nobody") {
  World world;
  registry::testing::Gate& gate = world.hold_the_journal();
  {
    Client client = world.http();
    client.send(registration("i-1"));
    gate.wait_until_entered();
  }
  gate.open();
  Client next = world.http();
  next.send(registration("i-2"));
  CHECK(next.read_http().status == 201);
  next.send(request("GET /v1/services/web/instances/i-1"));
  CHECK(next.read_http().status == 200);
}

TEST_CASE("HEAD is answered as GET, without the body") {
  World world;
  Client client = world.http();
  client.send(request("GET /v1/status") + request("HEAD /v1/status") + request(k_health));
  const HttpAnswer get = client.read_http();
  const HttpAnswer head = client.read_http(false);
  CHECK(head.status == 200);
  CHECK(head.fields.at("Content-Length") == get.fields.at("Content-Length"));
  CHECK(client.read_http().status == 200);  // no octet of a body was in the way
}

TEST_CASE("a connection closes when the client wants it to, after the answer") {
  World world;
  Client client = world.http();
  client.send("GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n" + request(k_health));
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 200);
  CHECK(answer.fields.at("Connection") == "close");
  CHECK(client.is_at_end());  // the second is not answered
}

TEST_CASE("an HTTP/1.0 client gets its answer and the end, or keeps the connection where it asks to") {
  World world;
  SECTION("plain") {
    Client client = world.http();
    client.send(std::string("GET /healthz HTTP/1.0\r\n\r\n"));
    const HttpAnswer answer = client.read_http();
    CHECK(answer.status == 200);
    CHECK(answer.version == "HTTP/1.0");
    CHECK(client.is_at_end());
  }
  SECTION("with keep-alive") {
    Client client = world.http();
    for (int i = 0; i < 2; ++i) {
      client.send(std::string("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
      const HttpAnswer answer = client.read_http();
      CHECK(answer.status == 200);
      CHECK(answer.fields.at("Connection") == "keep-alive");
    }
  }
}

TEST_CASE("a close that a held registration still waits for comes after its answer") {
  World world;
  registry::testing::Gate& gate = world.hold_the_journal();
  Client client = world.http();
  client.send(
      request("PUT /v1/services/web/instances/i-1", R"({"address":"192.0.2.1","port":8080})", "Connection: close\r\n"));
  gate.wait_until_entered();
  gate.open();
  CHECK(client.read_http().status == 201);
  CHECK(client.is_at_end());
}

TEST_CASE("what is not HTTP is 400, and the end") {
  World world;
  const std::string garbage =
      GENERATE(as<std::string>(), "garbage\r\n\r\n", "\x16\x03\x01\x02\x01\x01\xff\xff\r\n\r\n", "GET\r\n\r\n",
               "GET /healthz HTTP/1.1\r\nno colon\r\n\r\n", "GET /healthz HTTP/1.1\r\nContent-Length: x\r\n\r\n",
               "POST /v1/heartbeat HTTP/1.1\r\nContent-Length: 1\r\n"
               "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               "GET /healthz HTTP/9.9\r\n\r\n");
  Client client = world.http();
  client.send(request(k_health) + garbage);
  CHECK(client.read_http().status == 200);
  const HttpAnswer answer = client.read_http();
  CHECK(answer.status == 400);
  CHECK(answer.fields.at("Content-Type") == "application/problem+json");
  CHECK(answer.fields.at("Connection") == "close");
  CHECK(client.is_at_end());
}

}  // namespace
}  // namespace rollcall::net
