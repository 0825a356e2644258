#include "net/http/response_head.h"

#include <string>

#include "catch.h"

namespace rollcall::net {
namespace {

// The Date is the only thing that differs from call to call.
std::string head_of(const api::Response& response, bool keep_alive = true, unsigned version = 11) {
  std::string out = "before|";
  write_head(out, response, keep_alive, version);
  const std::size_t date = out.find("Date: ");
  const std::size_t end = out.find("\r\n", date);
  const std::string when = out.substr(date + 6, end - date - 6);
  CHECK(when.size() == 29);
  CHECK(when.ends_with(" GMT"));
  return out.replace(date, end - date, "Date: now");
}

TEST_CASE("a head has a status, the date, and what the body is") {
  CHECK(head_of({.status = 200, .body = "{}", .headers = {}}) ==
        "before|HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
}

TEST_CASE("a 204 has neither type nor length") {
  CHECK(head_of({.status = 204, .body = "", .headers = {}}) == "before|HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n");
}

TEST_CASE("a 304 has neither, because its length would be that of the body it spares") {
  CHECK(head_of({.status = 304, .content_type = {}, .body = "", .headers = {{"ETag", "\"a\""}}}) ==
        "before|HTTP/1.1 304 Not Modified\r\nDate: now\r\nETag: \"a\"\r\n\r\n");
}

TEST_CASE("a response without a type has a length alone") {
  CHECK(head_of({.status = 200, .content_type = {}, .body = "", .headers = {}}) ==
        "before|HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("a head has the response's own fields") {
  CHECK(head_of({.status = 405, .body = "", .headers = {{"Allow", "GET, HEAD"}, {"X-Rollcall-Index", "7"}}}) ==
        "before|HTTP/1.1 405 Method Not Allowed\r\nDate: now\r\nContent-Type: application/json\r\n"
        "Content-Length: 0\r\nAllow: GET, HEAD\r\nX-Rollcall-Index: 7\r\n\r\n");
}

TEST_CASE("a head says whether the connection stays, where that is not understood") {
  const api::Response response{.status = 200, .body = "", .headers = {}};
  CHECK(head_of(response, false).ends_with("Connection: close\r\n\r\n"));
  CHECK(head_of(response, true).find("Connection") == std::string::npos);
  CHECK(head_of(response, true, 10).starts_with("before|HTTP/1.0 200"));
  CHECK(head_of(response, true, 10).ends_with("Connection: keep-alive\r\n\r\n"));
  CHECK(head_of(response, false, 10).ends_with("Connection: close\r\n\r\n"));
}

}  // namespace
}  // namespace rollcall::net
