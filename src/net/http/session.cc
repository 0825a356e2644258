#include "net/http/session.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <chrono>
#include <utility>

#include "api/problem.h"
#include "base/limits.h"
#include "net/http/request_head.h"
#include "net/http/response_head.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t k_read_bytes = 16 * 1024;
constexpr std::size_t k_read_bytes_few = 1024;  // nearly any one request; what an idle connection keeps
constexpr std::size_t k_read_bytes_quiet = 256;
constexpr std::string_view k_continue = "HTTP/1.1 100 Continue\r\n\r\n";

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

}  // namespace

HttpSession::HttpSession(Connection connection, HttpBackend& backend)
    : Deadline(connection.loop),
      connection_(std::move(connection)),
      backend_(backend),
      caller_(connection_.peer),
      progress_(connection_.loop.context(), asio::steady_timer::time_point::max()) {
  expires_after(limits::k_http_request);  // a client that connects has something to ask
}

void HttpSession::on_deadline() {
  connection_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
  if (give_up_on_changes()) return;
  if (watcher_) backend_.counters.watchers_cut_off.fetch_add(1, std::memory_order_relaxed);
  connection_.socket.close();
  progress_.cancel();
}

asio::awaitable<void> HttpSession::run() {
  const auto self = shared_from_this();  // the coroutine is one of the owners
  if (connection_.socket.is_encrypted()) {
    expires_after(limits::k_tls_handshake);
    const bool is_agreed = co_await connection_.handshake();
    if (!is_agreed) co_return;
    caller_ = api::Caller(connection_.peer, connection_.socket.client_names());
    expires_after(limits::k_http_request);
  }
  boost::system::error_code error;
  connection_.socket.socket().non_blocking(true, error);
  while (connection_.socket.is_open()) {
    bool has_taken_one = parse_requests();
    while (has_taken_one && may_read_on()) has_taken_one = parse_requests();
    flush();
    if (closing_ && !is_quiet()) break;
    if (!may_read_on()) {
      co_await progress_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    if (has_taken_one) continue;  // the line was full and is no more: whole requests may be in the buffer
    const bool goes_on = co_await read_more();
    if (!goes_on) {
      co_await end_of_input();
      co_return;
    }
    if (closing_ || is_stream_) in_.clear();
  }
  if (closing_) co_await linger();
}

// The peer has gone, or has only closed its side: answers still in the line are delivered by their own owners. Who waits
// is answered at once, and nobody watches any more.
asio::awaitable<void> HttpSession::end_of_input() {
  end_waits();
  if (is_stream_ && !closing_) {
    watcher_.reset();
    connection_.socket.close();
    co_return;
  }
  // With nothing to come, TLS is ended as it should be; and what was ended here has its last words to deliver.
  const bool is_silent = line_.empty() && ready_.empty() && writing_.empty();
  if (closing_ || (connection_.socket.is_encrypted() && is_silent)) co_await linger();
}

// A connection that waits or watches is read only to learn of its end.
bool HttpSession::may_read_on() const {
  if (is_quiet() && (closing_ || is_stream_)) return true;
  return !closing_ && !waits_for_changes_ && line_.size() < limits::k_http_pipeline_max &&
         ready_.size() + writing_.size() < limits::k_http_backlog_bytes_max;
}

// False: there is nothing more to read.
asio::awaitable<bool> HttpSession::read_more() {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  std::size_t room = reads_much_ ? k_read_bytes : k_read_bytes_few;
  if (!reads_much_ && in_.size() == 0 && in_.capacity() > room) in_.shrink_to_fit();
  if (is_quiet() && in_.size() == 0) {
    in_.shrink_to_fit();
    // TLS has a buffer of its own, and must be read to be heard.
    if (connection_.socket.is_encrypted()) {
      room = k_read_bytes_quiet;
    } else {
      co_await connection_.socket.socket().async_wait(asio::socket_base::wait_read, done);
      if (error) co_return false;
    }
  }
  const std::size_t got = co_await connection_.socket.async_read_some(in_.prepare(room), done);
  in_.commit(got);
  reads_much_ = got >= k_read_bytes_few;
  co_return !error;
}

// Whether a whole request was taken from the buffer, and found its place: there may be more.
bool HttpSession::parse_requests() {
  if (closing_ || is_stream_) return false;
  if (waits_for_changes_) return route_request();
  if (in_.size() == 0) return false;
  if (!in_request_) {
    if (const std::optional<bool> taken = take_usual_request()) return *taken;
    in_request_ = true;
    expires_after(limits::k_http_request);
    parser_.emplace();
    head_bytes_ = 0;
    authorization_ = {};
    parser_->header_limit(limits::k_http_header_bytes_max + 1);  // of its parts; the bound is that of their sum
    parser_->body_limit(limits::k_http_batch_body_bytes_max);
  }
  if (!parse_one()) return false;
  in_request_ = false;
  return route_request();
}

// The whole request at the front of the buffer, where it is one of the usual. Empty: it is for the parser, also because
// it must wait there.
std::optional<bool> HttpSession::take_usual_request() {
  const std::optional<UsualRequest> usual =
      find_usual_request({static_cast<const char*>(in_.data().data()), in_.size()});
  if (!usual) return std::nullopt;
  const api::Request request{.method = usual->method,
                             .target = usual->target,
                             .body = usual->body,
                             .authorization = usual->authorization,
                             .caller = &caller_};
  api::Routed routed = backend_.api.route(request, backend_.clock.now(), backend_.counters, ahead());
  if (std::holds_alternative<api::Later>(routed)) return std::nullopt;
  // What is answered at once has no need of a deadline; what waits has that of a request, or one of its own.
  if (!std::holds_alternative<api::Response>(routed)) expires_after(limits::k_http_request);
  const bool is_head = usual->method == api::Method::head;
  in_.consume(usual->bytes);
  return take_routed(std::move(routed), {.is_head = is_head});
}

// Feeds the parser. True: the request is whole. False: more must be read, or the request was refused.
bool HttpSession::parse_one() {
  while (!parser_->is_done()) {
    const bool had_header = parser_->is_header_done();
    boost::system::error_code error;
    const std::size_t taken = parser_->put(in_.data(), error);
    in_.consume(taken);
    if (!had_header) head_bytes_ += taken;
    const bool waits_for_more = error == http::error::need_more;
    const bool is_sound = !error || waits_for_more || error == http::error::header_limit;
    if (is_sound && !check_sizes(waits_for_more)) return false;
    if (waits_for_more) return false;
    if (error == http::error::body_limit) {
      refuse(413, "body_too_large", "the body is larger than this call takes");
      return false;
    }
    if (error) {
      refuse(400, "bad_request", "the request is not HTTP/1.1: " + error.message());
      return false;
    }
    if (!had_header && parser_->is_header_done() && !begin_body()) return false;
    if (in_.size() == 0 && !parser_->is_done()) return false;
  }
  return true;
}

// What cannot be parsed yet is the rest of a head, or the head of a chunk with its extensions, or trailers: none of them
// may go on for ever.
bool HttpSession::check_sizes(bool waits_for_more) {
  const bool is_head_whole = parser_->is_header_done();
  if (head_bytes_ + (is_head_whole ? 0 : in_.size()) > limits::k_http_header_bytes_max) {
    const bool is_line_open = !is_head_whole && parser_->get().target().empty();
    if (is_line_open && !has_line_end()) {
      refuse(414, "target_too_long", "the request's target does not fit into the 8 KiB that a head may have");
    } else {
      refuse(431, "header_too_large", "the request's head is larger than 8 KiB");
    }
    return false;
  }
  if (waits_for_more && is_head_whole && in_.size() > limits::k_http_chunk_header_bytes_max) {
    refuse(400, "bad_request", "a chunk's extensions, or the trailers, are larger than 4 KiB");
    return false;
  }
  return true;
}

// Whether the request line, of which nothing has been taken, ends within what a head may have. The parser does not say: a
// head that comes in pieces is for it one thing, line and fields.
bool HttpSession::has_line_end() const {
  const std::size_t bytes = std::min(in_.size(), limits::k_http_header_bytes_max);
  return std::string_view(static_cast<const char*>(in_.data().data()), bytes).contains('\n');
}

// The header is there: how large a body may come, and does the client wait to be asked for it?
bool HttpSession::begin_body() {
  const Parser::value_type& head = parser_->get();
  if (std::optional<Refusal> fault = find_fault(head, parser_->chunked())) {
    refuse(fault->status, fault->code, std::move(fault->detail));
    return false;
  }
  const auto authorization = head[http::field::authorization];
  authorization_ = {authorization.data(), authorization.size()};
  is_from_page_ = head.count(http::field::origin) > 0;
  const std::size_t body_bytes_max = api::Api::body_bytes_max(
      {.method = to_method(head.method()), .target = {head.target().data(), head.target().size()}, .body = {}});
  parser_->body_limit(body_bytes_max);
  if (parser_->content_length().value_or(0) > body_bytes_max) {
    refuse(413, "body_too_large",
           "the body is larger than the " + std::to_string(body_bytes_max) + " bytes this call takes");
    return false;
  }
  parser_->eager(true);
  // RFC 9110 §10.1.1: nothing for HTTP/1.0, nor for a client that is sending already; and in its turn.
  const bool waits_for_us = head.version() >= 11 && in_.size() == 0 && !parser_->is_done();
  if (waits_for_us && http::token_list(head[http::field::expect]).exists("100-continue")) {
    at(take_place({})).bytes = k_continue;
    flush();
  }
  return true;
}

// False: the request waits, in the parser, until the changes ahead of it have been answered.
bool HttpSession::route_request() {
  const Parser::value_type& message = parser_->get();
  const Framing framing{.keep_alive = message.keep_alive(),
                        .is_head = message.method() == http::verb::head,
                        .version = message.version()};
  const auto last_event_id = message["Last-Event-ID"];
  const api::Request request{.method = to_method(message.method()),
                             .target = {message.target().data(), message.target().size()},
                             .body = message.body(),
                             .last_event_id = {last_event_id.data(), last_event_id.size()},
                             .authorization = authorization_,
                             .is_from_page = is_from_page_,
                             .caller = &caller_};
  api::Routed routed = backend_.api.route(request, backend_.clock.now(), backend_.counters, ahead());
  waits_for_changes_ = std::holds_alternative<api::Later>(routed);
  if (waits_for_changes_) return false;
  return take_routed(std::move(routed), framing);
}

// False: it is the last of its connection.
bool HttpSession::take_routed(api::Routed routed, Framing framing) {
  if (api::Watch* watched = std::get_if<api::Watch>(&routed); watched != nullptr && !framing.is_head) {
    watch(std::move(*watched), framing);
    return false;
  }
  if (!framing.keep_alive) closing_ = true;
  take(std::move(routed), framing);
  // The deadline was the request's; a wait has its own.
  if (waits_ > 0 && writing_.empty()) cancel_deadline();
  return true;
}

void HttpSession::refuse(unsigned status, std::string_view code, std::string detail) {
  closing_ = true;
  in_request_ = false;
  const api::Response response = api::problem(status, code, std::move(detail));
  api::count_errors(response, backend_.counters);
  answer(take_place({.keep_alive = false}), response);
}

}  // namespace rollcall::net
