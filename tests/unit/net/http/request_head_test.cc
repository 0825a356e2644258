#include "net/http/request_head.h"

#include <boost/beast/http/fields.hpp>
#include <string>

#include "catch.h"
#include "unit/net/world.h"

namespace rollcall::net {
namespace {

using namespace testing;

// What becomes of a heartbeat with these fields: "201", or "400" and what was wrong.
int status_of(const World& world, const std::string& version, const std::string& fields, const std::string& body) {
  Client client = world.http();
  client.send("PUT /v1/services/web/instances/i-1 " + version + "\r\n" + fields + "\r\n" + body);
  return client.read_http().status;
}

const std::string k_body = R"({"address":"192.0.2.1","port":80})";
const std::string k_chunks = "21\r\n" + k_body + "\r\n0\r\n\r\n";
const std::string k_length = "Content-Length: 33\r\n";

TEST_CASE("HTTP/1.1 names its host, once") {
  World world;
  CHECK(status_of(world, "HTTP/1.1", "Host: test:8500\r\n" + k_length, k_body) == 201);
  CHECK(status_of(world, "HTTP/1.1", "Host: [::1]:8500\r\n" + k_length, k_body) == 200);
  CHECK(status_of(world, "HTTP/1.1", "Host:\r\n" + k_length, k_body) == 200);
  CHECK(status_of(world, "HTTP/1.0", k_length, k_body) == 200);
  CHECK(status_of(world, "HTTP/1.1", k_length, k_body) == 400);
  CHECK(status_of(world, "HTTP/1.1", "Host: a\r\nHost: a\r\n" + k_length, k_body) == 400);
  CHECK(status_of(world, "HTTP/1.1", "Host: a/b\r\n" + k_length, k_body) == 400);
  CHECK(status_of(world, "HTTP/1.1", "Host: a, b\r\n" + k_length, k_body) == 400);
}

TEST_CASE("a body ends where everybody in front of us was told it does") {
  World world;
  const std::string host = "Host: test\r\n";
  CHECK(status_of(world, "HTTP/1.1", host + "Transfer-Encoding: chunked\r\n", k_chunks) == 201);
  CHECK(status_of(world, "HTTP/1.1", host + "Transfer-Encoding: Chunked\r\n", k_chunks) == 200);
  CHECK(status_of(world, "HTTP/1.1", host + "Transfer-Encoding: gzip, chunked\r\n", k_chunks) == 501);
  for (const char* coding : {"gzip", "identity", "xchunked", "chunked, gzip", "chunked, chunked", ""}) {
    CAPTURE(coding);
    CHECK(status_of(world, "HTTP/1.1", host + "Transfer-Encoding: " + coding + "\r\n", k_chunks) == 400);
    CHECK(status_of(world, "HTTP/1.1", host + "Transfer-Encoding: " + coding + "\r\n" + k_length, k_body) == 400);
    CHECK(status_of(world, "HTTP/1.1", host + k_length + "Transfer-Encoding: " + coding + "\r\n", k_body) == 400);
  }
  CHECK(status_of(world, "HTTP/1.1", host + k_length + "Transfer-Encoding: chunked\r\n", k_chunks) == 400);
  CHECK(status_of(world, "HTTP/1.1", host + "Transfer-Encoding: chunked\r\n" + k_length, k_chunks) == 400);
  CHECK(status_of(world, "HTTP/1.0", host + "Transfer-Encoding: chunked\r\n", k_chunks) == 400);
}

TEST_CASE("nobody asks as two") {
  World world;
  CHECK(status_of(world, "HTTP/1.1", "Host: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n" + k_length,
                  k_body) == 400);
}

}  // namespace
}  // namespace rollcall::net
