// The header fields that doors look up, in the buffer and in the parser alike.
#include "net/http/header_fields.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "catch.h"
#include "net/http/fast_request.h"

namespace rollcall::net {
namespace {

namespace http = boost::beast::http;

TEST_CASE("a field is found in any case, without the blanks around it, and the first one counts") {
  const std::string text =
      "GET /v1/services HTTP/1.1\r\nHost: a\r\nACCEPT:  text/html \r\nAccept: */*\r\nUser-Agent:\r\n\r\n";
  const auto found = find_fast_request(text);
  REQUIRE(found.has_value());
  FieldLines lines;
  lines.show(found->fields);
  http::request_parser<http::string_body> parser;
  boost::system::error_code error;
  parser.put(boost::asio::buffer(text), error);
  REQUIRE_FALSE(error.failed());
  ParsedFields parsed;
  parsed.show(parser.get());
  for (const api::HeaderFields* fields : std::initializer_list<const api::HeaderFields*>{&lines, &parsed}) {
    CHECK(fields->find("accept") == "text/html");
    CHECK(fields->find("Host") == "a");
    CHECK(fields->find("User-Agent").empty());
    CHECK(fields->find("Accept-Encoding").empty());
    CHECK(fields->find("Acc").empty());
    CHECK(fields->find("").empty());
  }
}

TEST_CASE("a request without fields of its own has none to look up") { CHECK(FieldLines().find("Host").empty()); }

}  // namespace
}  // namespace rollcall::net
