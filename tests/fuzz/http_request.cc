#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <string>

#include "base/limits.h"
#include "fuzz/check_response.h"
#include "fuzz/targets.h"
#include "net/http/fast_request.h"
#include "net/http/request_head.h"
#include "net/http/response_head.h"
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
    case http::verb::options: return api::Method::options;
    default: return api::Method::other;
  }
}

std::string_view target_of(const Parser& parser) {
  return {parser.get().target().data(), parser.get().target().size()};
}

// With the limits of a session, from octets that come in pieces. False: refused, or not whole.
bool parse(const api::Router& router, Parser& parser, Bytes& stream, std::size_t piece_max) {
  parser.header_limit(limits::k_http_header_bytes_max);
  parser.body_limit(limits::k_http_batch_body_bytes_max);
  std::size_t seen = 0;          // of the stream's front: the parser wants to see again what it has not taken
  bool has_body_to_see = false;  // behind a head it stops, whatever it was shown
  while (!parser.is_done()) {
    const bool had_header = parser.is_header_done();
    if (seen == stream.size() && !has_body_to_see) return false;
    has_body_to_see = false;
    seen = std::min(stream.size(), seen + piece_max);
    boost::system::error_code error;
    const std::size_t taken = parser.put(boost::asio::buffer(stream.data(), seen), error);
    stream = stream.subspan(taken);
    seen -= taken;
    if (error && error != http::error::need_more) return false;
    if (had_header || !parser.is_header_done()) continue;
    const std::size_t most =
        router.body_bytes_max({.method = to_method(parser.get().method()), .target = target_of(parser), .body = {}});
    parser.body_limit(most);
    if (parser.content_length().value_or(0) > most) return false;
    parser.eager(true);
    has_body_to_see = true;
  }
  return true;
}

void check_head(const api::Response& response, const Parser& parser) {
  std::string head;
  net::write_head(head, response, parser.get().keep_alive(), parser.get().version());
  expect(head.ends_with("\r\n\r\n") && head.starts_with("HTTP/1."), "a response has a head");
  expect(head.find("\r\n\r\n") == head.size() - 4, "and one alone");
}

// What a session takes without the parser, the parser takes to the same.
void check_usual(const net::FastRequest& usual, const Parser& parser, std::size_t taken) {
  const Parser::value_type& message = parser.get();
  const auto authorization = message[http::field::authorization];
  expect(taken == usual.bytes, "a usual request ends where the parser says");
  expect(to_method(message.method()) == usual.method && target_of(parser) == usual.target, "and asks the same");
  expect(message.body() == usual.body, "with the same body");
  expect(std::string_view(authorization.data(), authorization.size()) == usual.authorization, "as the same");
  expect(message.keep_alive() && message.version() == 11, "and the connection goes on");
  expect(!net::find_fault(message, parser.chunked()), "and nothing is wrong with its head");
  expect(message.count(http::field::origin) + message.count("Last-Event-ID") == 0, "or means more");
}

}  // namespace

void http_request(Bytes input) {
  if (input.empty()) return;
  const std::size_t piece_max = input[0] == 0 ? input.size() : input[0];
  Bytes stream = input.subspan(1);
  api::testing::World world;
  for (std::size_t i = 0; i < k_requests_max && !stream.empty(); ++i) {
    Parser parser;
    const Bytes before = stream;
    const auto usual = net::find_fast_request({reinterpret_cast<const char*>(before.data()), before.size()});
    const bool is_whole = parse(world.api, parser, stream, piece_max);
    expect(is_whole || !usual, "a usual request is one for the parser too");
    if (!is_whole) return;
    if (usual) check_usual(*usual, parser, before.size() - stream.size());
    expect(parser.get().body().size() <= limits::k_http_batch_body_bytes_max, "a body is within its limit");
    const api::Response response = world.call(to_method(parser.get().method()), target_of(parser), parser.get().body());
    check_response(response);
    check_head(response, parser);
    world.clock.advance(std::chrono::milliseconds(100));
    if (!parser.get().keep_alive()) return;
  }
}

}  // namespace rollcall::fuzz
