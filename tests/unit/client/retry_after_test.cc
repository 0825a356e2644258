#include "catch.h"
#include "client/http_client.h"
#include "unit/client/scripted_server.h"

namespace rollcall::client {
namespace {

using namespace std::chrono_literals;

std::chrono::seconds retry_after(const std::string& field) {
  testing::ScriptedServer server({{"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n" + field + "\r\n"}});
  HttpSettings settings;
  settings.urls = {server.url()};
  HttpClient client = HttpClient::open(settings).value();
  return client.call({}).value().retry_after;
}

TEST_CASE("Retry-After is read where it is a number of seconds (RFC 9110 §10.2.3), up to a day") {
  CHECK(retry_after("") == 0s);
  CHECK(retry_after("Retry-After: 7\r\n") == 7s);
  CHECK(retry_after("Retry-After: 99999999\r\n") == 24h);
  CHECK(retry_after("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n") == 0s);
  CHECK(retry_after("Retry-After: -5\r\n") == 0s);
}

}  // namespace
}  // namespace rollcall::client
