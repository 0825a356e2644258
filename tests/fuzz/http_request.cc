#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <string>

#include "base/limits.h"
#include "fuzz/check_response.h"
#include "fuzz/targets.h"
#include "net/http_head.h"
#include "unit/api/fixture.h"

namespace rollcall::fuzz {
namespace {

namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t k_requests_max = 8;  // of one connection

api::Method to_method(http::verb verb) {
  switch (verb) {
    case http::verb::get: return api::Method::get;
    case http::verb::head: return api::Method::head;
    case http::verb::post: return api::Method::post;
    case http::verb::put: return api::Method::put;
    case http::verb::delete_: return api::Method::del;
    default: return api::Method::other;
  }
}

std::string_view target_of(const Parser& parser) {
  return {parser.get().target().data(), parser.get().target().size()};
}

// With the limits of a session, from octets that come in pieces. False: refused, or not whole.
bool parse(Parser& parser, Bytes& stream, std::size_t piece_max) {
  parser.header_limit(limits::k_http_header_bytes_max);
  parser.body_limit(limits::k_http_batch_body_bytes_max);
  std::size_t seen = 0;  // of the stream's front: the parser wants to see again what it has not taken
  while (!parser.is_done()) {
    const bool had_header = parser.is_header_done();
    if (seen == stream.size()) return false;
    seen = std::min(stream.size(), seen + piece_max);
    boost::system::error_code error;
    const std::size_t taken = parser.put(boost::asio::buffer(stream.data(), seen), error);
    stream = stream.subspan(taken);
    seen -= taken;
    if (error && error != http::error::need_more) return false;
    if (had_header || !parser.is_header_done()) continue;
    const std::size_t most =
        api::Api::body_bytes_max({.method = to_method(parser.get().method()), .target = target_of(parser), .body = {}});
    parser.body_limit(most);
    if (parser.content_length().value_or(0) > most) return false;
    parser.eager(true);
  }
  return true;
}

void check_head(const api::Response& response, const Parser& parser) {
  std::string head;
  net::write_head(head, response, parser.get().keep_alive(), parser.get().version());
  expect(head.ends_with("\r\n\r\n") && head.starts_with("HTTP/1."), "a response has a head");
  expect(head.find("\r\n\r\n") == head.size() - 4, "and one alone");
}

}  // namespace

void http_request(Bytes input) {
  if (input.empty()) return;
  const std::size_t piece_max = input[0] == 0 ? input.size() : input[0];
  Bytes stream = input.subspan(1);
  api::testing::World world;
  for (std::size_t i = 0; i < k_requests_max && !stream.empty(); ++i) {
    Parser parser;
    if (!parse(parser, stream, piece_max)) return;
    expect(parser.get().body().size() <= limits::k_http_batch_body_bytes_max, "a body is within its limit");
    const api::Response response = world.call(to_method(parser.get().method()), target_of(parser), parser.get().body());
    check_response(response);
    check_head(response, parser);
    world.clock.advance(std::chrono::milliseconds(100));
    if (!parser.get().keep_alive()) return;
  }
}

}  // namespace rollcall::fuzz
