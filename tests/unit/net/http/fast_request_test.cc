#include "net/http/fast_request.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "catch.h"
#include "net/http/request_head.h"

namespace rollcall::net {
namespace {

namespace http = boost::beast::http;

const std::string k_beat = "POST /v1/services/web/instances/web-1/heartbeat HTTP/1.1\r\nHost: 192.0.2.1:8500\r\n\r\n";

std::string with_fields(const std::string& fields, const std::string& body = "") {
  return "POST /v1/heartbeat HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

TEST_CASE("a usual request is found whole, with what it asks") {
  const std::string text = k_beat + "GET / HTTP/1.1\r\n";
  const auto found = find_fast_request(text);
  REQUIRE(found.has_value());
  CHECK(found->method == api::Method::post);
  CHECK(found->target == "/v1/services/web/instances/web-1/heartbeat");
  CHECK(found->authorization.empty());
  CHECK(found->body.empty());
  CHECK(found->bytes == k_beat.size());
}

TEST_CASE("fields of common clients do not make a request unusual") {
  const std::string text = with_fields(
      "user-agent: curl/7.88.1\r\nAccept: */*\r\nACCEPT-ENCODING:gzip, deflate\r\nConnection: keep-alive\r\n"
      "Content-Type: application/json \r\nauthorization:  Bearer abc  \r\nContent-Length: 2\r\n",
      "{}and what follows");
  const auto found = find_fast_request(text);
  REQUIRE(found.has_value());
  CHECK(found->authorization == "Bearer abc");
  CHECK(found->body == "{}");
  CHECK(text.substr(found->bytes) == "and what follows");
}

TEST_CASE("less than a whole request is none") {
  const std::string text = with_fields("Content-Length: 5\r\n", "12345");
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(find_fast_request(text.substr(0, size)).has_value());
  }
  CHECK(find_fast_request(text).has_value());
}

TEST_CASE("what is wrong, or means something, is for the parser") {
  const std::vector<std::string> others = {
      "PATCH / HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /a HTTP/1.0\r\nHost: a\r\n\r\n",
      "POST /a  HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST a HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\nHost: a\n\n",
      "POST / HTTP/1.1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost : a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a, b\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\tb\r\n\r\n",
      with_fields("Host: b\r\n"),
      with_fields("Connection: close\r\n"),
      with_fields("Connection: keep-alive, upgrade\r\n"),
      with_fields("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      with_fields("Expect: 100-continue\r\n"),
      with_fields("Origin: http://a\r\n"),
      with_fields("Last-Event-ID: 7\r\n"),
      with_fields("Upgrade: h2c\r\n"),
      with_fields("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
      with_fields("Content-Length: 1\r\nContent-Length: 1\r\n", "1"),
      with_fields("Content-Length: +1\r\n", "1"),
      with_fields("Content-Length: 1, 1\r\n", "1"),
      with_fields("Content-Length:\r\n"),
      with_fields("Content-Length: 99999999999999999999\r\n", "1"),
      with_fields("no colon\r\n"),
  };
  for (const std::string& text : others) {
    CAPTURE(text);
    CHECK_FALSE(find_fast_request(text).has_value());
  }
}

TEST_CASE("a usual request keeps the bounds of head and body") {
  const auto with_agent = [](std::size_t bytes) {
    const std::string rest = with_fields("User-Agent: \r\n");
    return with_fields("User-Agent: " + std::string(bytes - rest.size(), 'a') + "\r\n");
  };
  CHECK(find_fast_request(with_agent(limits::k_http_header_bytes_max)).has_value());
  CHECK_FALSE(find_fast_request(with_agent(limits::k_http_header_bytes_max + 1)).has_value());
  const auto with_body = [](std::size_t bytes) {
    return with_fields("Content-Length: " + std::to_string(bytes) + "\r\n", std::string(bytes, ' '));
  };
  CHECK(find_fast_request(with_body(limits::k_http_body_bytes_max)).has_value());
  CHECK_FALSE(find_fast_request(with_body(limits::k_http_body_bytes_max + 1)).has_value());
}

// Whatever is found, Beast finds the same.
void expect_as_parsed(const std::string& text) {
  const auto found = find_fast_request(text);
  if (!found) return;
  http::request_parser<http::string_body> parser;
  parser.header_limit(limits::k_http_header_bytes_max + 1);
  parser.eager(true);
  boost::system::error_code error;
  const std::size_t taken = parser.put(boost::asio::buffer(text), error);
  CAPTURE(text);
  REQUIRE_FALSE(error.failed());
  REQUIRE(parser.is_done());
  const auto& message = parser.get();
  REQUIRE(taken == found->bytes);
  REQUIRE(std::string_view(message.target().data(), message.target().size()) == found->target);
  REQUIRE(message.body() == found->body);
  const auto authorization = message[http::field::authorization];
  REQUIRE(std::string_view(authorization.data(), authorization.size()) == found->authorization);
  REQUIRE(message.keep_alive());
  REQUIRE_FALSE(find_fault(message, parser.chunked()).has_value());
  for (const auto field : {http::field::origin, http::field::expect, http::field::transfer_encoding}) {
    REQUIRE(message.count(field) == 0);
  }
}

TEST_CASE("whatever is taken for a usual request, the parser takes as well, to the same") {
  const std::string seeds[] = {
      k_beat, with_fields("Content-Type: application/json\r\nContent-Length: 2\r\n", "{}GET / HTTP/1.1\r\n\r\n"),
      with_fields("Authorization: Bearer abc\r\nConnection: keep-alive\r\nAccept: */*\r\n"),
      "DELETE /v1/services/web/instances/web-1?zone=a HTTP/1.1\r\nUser-Agent: x\r\nHost: [::1]:8500\r\n\r\n"};
  const std::string_view alphabet = "\r\n\t :;,/aA1?%-\x7f\x80\x01{}";
  Random random(20261121);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seeds[random.below(std::size(seeds))];
    for (std::uint32_t changes = random.below(4); changes > 0; --changes) {
      const std::uint32_t at = random.below(static_cast<std::uint32_t>(text.size()));
      const char octet = alphabet[random.below(static_cast<std::uint32_t>(alphabet.size()))];
      switch (random.below(3)) {
        case 0: text[at] = octet; break;
        case 1: text.insert(at, 1, octet); break;
        default: text.erase(at, 1); break;
      }
    }
    expect_as_parsed(text);
  }
}

}  // namespace
}  // namespace rollcall::net
