#include "net/http/request_reader.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>
#include <utility>

#include "api/problem.h"
#include "base/check.h"
#include "base/limits.h"
#include "net/http/fast_request.h"
#include "net/http/request_head.h"

namespace rollcall::net {
namespace {

// Of any route: PUT /v1/txn.
constexpr std::size_t k_largest_body_bytes_max = std::size_t{2} << 20;

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t k_read_bytes = 16 * 1024;
constexpr std::size_t k_read_bytes_few = 1024;  // enough for most requests; an idle connection keeps as much
constexpr std::size_t k_read_bytes_quiet = 256;
constexpr std::size_t k_drain_bytes = 4 * 1024;
constexpr unsigned char k_tls_handshake = 22;  // the first octet of TLS (RFC 8446 §5.1); no method begins with it

api::Method to_method(http::verb verb) {
  switch (verb) {
    case http::verb::get: return api::Method::get;
    case http::verb::head: return api::Method::head;
    case http::verb::post: return api::Method::post;
    case http::verb::put: return api::Method::put;
    case http::verb::patch: return api::Method::patch;
    case http::verb::delete_: return api::Method::del;
    case http::verb::options: return api::Method::options;
    default: return api::Method::other;
  }
}

}  // namespace

RequestReader::RequestReader(EventLoop& loop, Stream& stream, api::Caller& caller, HttpBackend& backend, Owner& owner)
    : stream_(stream),
      caller_(caller),
      backend_(backend),
      owner_(owner),
      late_(loop, *this),
      read_bytes_(k_read_bytes_few) {}

// --- Octets ---

asio::awaitable<boost::system::error_code> RequestReader::read(Pace pace) {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  auto until_woken = asio::bind_cancellation_slot(wake_.slot(), done);
  std::size_t room = read_bytes_;
  if (is_small() && in_.capacity() > room) in_.shrink_to_fit();
  if (pace == Pace::quiet && in_.size() == 0) {
    in_.shrink_to_fit();
    // Plain TCP waits without a buffer. TLS must read to learn of the peer's end.
    if (stream_.is_encrypted()) {
      room = k_read_bytes_quiet;
    } else {
      co_await stream_.socket().async_wait(asio::socket_base::wait_read, until_woken);
      if (error) co_return error;
    }
  }
  std::size_t got = 0;
  if (pace == Pace::only_reading) {
    got = co_await stream_.async_read_some(in_.prepare(room), done);
  } else {
    got = co_await stream_.async_read_some(in_.prepare(room), until_woken);
  }
  in_.commit(got);
  read_bytes_ = got >= k_read_bytes_few ? k_read_bytes : k_read_bytes_few;
  co_return error;
}

void RequestReader::wake() { wake_.emit(asio::cancellation_type::terminal); }

void RequestReader::begin_with(std::string_view octets) {
  in_.commit(asio::buffer_copy(in_.prepare(octets.size()), asio::buffer(octets)));
}

bool RequestReader::is_passable() const {
  if (state_ == State::idle) return true;
  return parser_->is_header_done() ? !parser_->chunked() : head_bytes_ == 0;
}

std::string RequestReader::unread() const {
  check(is_passable(), "a request in a chunked body is not passed on");
  std::ostringstream text;
  if (state_ != State::idle && parser_->is_header_done()) text << parser_->get().base() << parser_->get().body();
  text << std::string_view(static_cast<const char*>(in_.data().data()), in_.size());
  return std::move(text).str();
}

void RequestReader::discard() {
  in_.clear();
  searched_ = 0;
}

asio::awaitable<void> RequestReader::drain() {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  while (stream_.is_open() && !error) {
    discard();
    // The octets of the socket, also over TLS: nothing of them is decrypted.
    co_await stream_.socket().async_read_some(in_.prepare(k_drain_bytes), done);
  }
}

bool RequestReader::is_small() const { return read_bytes_ == k_read_bytes_few && in_.size() == 0; }

void RequestReader::release_memory() {
  if (state_ == State::idle) parser_.reset();
}

std::size_t RequestReader::body_bytes() const { return state_ == State::idle ? 0 : parser_->get().body().size(); }

void RequestReader::on_late() {
  if (is_in_request() && !owner_.may_read()) return late_.expires_after(limits::k_http_request);
  owner_.on_reading_late();
}

// --- Requests ---

RequestReader::Next RequestReader::next() {
  check(fast_bytes_ == 0, "the request before was accepted or held");
  if (state_ == State::whole) return parsed_request();
  if (in_.size() == 0) return NeedsMore{};
  if (state_ == State::idle) {
    if (std::optional<WholeRequest> fast = find_fast()) {
      fast_bytes_ = fast->bytes;
      return *fast;
    }
    heard_tls_ = *static_cast<const unsigned char*>(in_.data().data()) == k_tls_handshake;
    if (heard_tls_) {
      return refusal(api::Fault::bad_request,
                     "this port speaks plain HTTP, and TLS came: write http:// instead of https://");
    }
    begin();
  }
  if (std::optional<api::Response> refused = parse()) {
    abandon();
    return *std::move(refused);
  }
  if (state_ == State::whole) return parsed_request();
  searched_ = in_.size();
  return NeedsMore{};
}

void RequestReader::accept() {
  check((fast_bytes_ > 0) != (state_ == State::whole), "a request was handed over");
  in_.consume(std::exchange(fast_bytes_, 0));
  searched_ = 0;
  if (state_ != State::whole) return;
  const bool is_large = parser_->get().body().size() > limits::k_http_small_body_bytes;
  state_ = State::idle;
  if (is_large) parser_.reset();
}

// One that was found in the buffer goes through the parser when it is asked for again.
void RequestReader::hold() {
  if (std::exchange(fast_bytes_, 0) > 0) begin();
}

void RequestReader::abandon() { state_ = State::idle; }

bool RequestReader::take_continue() {
  if (state_ != State::awaits_continue) return false;
  state_ = State::admitted;
  return true;
}

std::optional<RequestReader::WholeRequest> RequestReader::find_fast() {
  const std::optional<FastRequest> fast = find_fast_request({static_cast<const char*>(in_.data().data()), in_.size()});
  if (!fast) return std::nullopt;
  fast_fields_.show(fast->fields);
  return WholeRequest{.request = {.method = fast->method,
                                  .target = fast->target,
                                  .body = fast->body,
                                  .authorization = fast->authorization,
                                  .caller = &caller_,
                                  .fields = &fast_fields_},
                      .framing = {.is_head = fast->method == api::Method::head},
                      .bytes = fast->bytes};
}

// The request in the parser, without its body.
api::Request RequestReader::head_of_request() const {
  const Parser::value_type& head = parser_->get();
  return {.method = to_method(head.method()),
          .target = {head.target().data(), head.target().size()},
          .body = {},
          .authorization = authorization_,
          .is_from_page = is_from_page_,
          .caller = &caller_,
          .fields = &parsed_fields_};
}

RequestReader::WholeRequest RequestReader::parsed_request() const {
  const Parser::value_type& message = parser_->get();
  api::Request request = head_of_request();
  request.body = message.body();
  return {.request = request,
          .framing = {.keep_alive = message.keep_alive(),
                      .is_head = message.method() == http::verb::head,
                      .version = message.version()}};
}

void RequestReader::begin() {
  state_ = State::head;
  late_.expires_after(limits::k_http_request);
  parser_.emplace();
  fields_before_body_.reset();
  parsed_fields_.show(parser_->get());
  head_bytes_ = body_bytes_at_ = 0;
  authorization_ = {};
  parser_->header_limit(limits::k_http_header_bytes_max + 1);  // of its parts; the bound is that of their sum
  parser_->body_limit(k_largest_body_bytes_max);               // until the route is known
}

// Feeds the parser, until the request is whole, or more must be read, or it is refused.
std::optional<api::Response> RequestReader::parse() {
  while (!parser_->is_done()) {
    const bool had_header = parser_->is_header_done();
    boost::system::error_code error;
    const std::size_t taken = parser_->put(in_.data(), error);
    in_.consume(taken);
    if (!had_header) head_bytes_ += taken;
    const bool waits_for_more = error == http::error::need_more;
    if (!error || waits_for_more || error == http::error::header_limit) {
      if (std::optional<api::Response> refused = refuse_sizes(waits_for_more)) return refused;
    }
    if (error == http::error::body_limit) {
      return backend_.api.refuse_large_body(head_of_request(), backend_.counters);
    }
    if (error && !waits_for_more) {
      return refusal(api::Fault::bad_request, "the request is not HTTP/1.1: " + error.message());
    }
    if (!had_header && parser_->is_header_done()) {
      if (std::optional<api::Response> refused = begin_body()) return refused;
    }
    if (waits_for_more || (in_.size() == 0 && !parser_->is_done())) {
      if (!parser_->is_header_done()) return std::nullopt;
      if (std::optional<api::Response> refused = refuse_body()) return refused;
      note_progress_of_body();
      return std::nullopt;
    }
  }
  state_ = State::whole;
  return std::nullopt;
}

// What cannot be parsed yet is the rest of a head, or the head of a chunk with its extensions, or trailers: each has its
// bound.
std::optional<api::Response> RequestReader::refuse_sizes(bool waits_for_more) {
  const bool is_head_whole = parser_->is_header_done();
  if (head_bytes_ + (is_head_whole ? 0 : in_.size()) > limits::k_http_header_bytes_max) {
    const bool is_line_open = !is_head_whole && parser_->get().target().empty();
    if (is_line_open && !has_line_end()) {
      return refusal(api::Fault::target_too_long,
                     "the request's target does not fit into the 8 KiB that a head may have");
    }
    return refusal(api::Fault::header_too_large, "the request's head is larger than 8 KiB");
  }
  if (waits_for_more && is_head_whole && in_.size() > limits::k_http_chunk_header_bytes_max) {
    return refusal(api::Fault::bad_request, "a chunk's extensions, or the trailers, are larger than 4 KiB");
  }
  return std::nullopt;
}

// Whether the request line, of which nothing has been parsed, ends within what a head may have. The parser does not say:
// it takes a head that comes in pieces, line and fields, as one.
bool RequestReader::has_line_end() const {
  const std::size_t bytes = std::min(in_.size(), limits::k_http_header_bytes_max);
  return std::string_view(static_cast<const char*>(in_.data().data()), bytes).contains('\n');
}

// The head is complete: how large a body may come, and does the client wait for 100 Continue before it sends one?
std::optional<api::Response> RequestReader::begin_body() {
  check(state_ == State::head, "a head is completed once");
  state_ = State::body;
  const Parser::value_type& head = parser_->get();
  if (std::optional<HeadFault> fault = find_fault(head, parser_->chunked())) {
    return refusal(fault->kind, std::move(fault->detail));
  }
  const auto authorization = head[http::field::authorization];
  authorization_ = {authorization.data(), authorization.size()};
  is_from_page_ = head.count(http::field::origin) > 0;
  if (parser_->chunked()) parsed_fields_.show(fields_before_body_.emplace(head));
  const std::size_t body_bytes_max = backend_.api.body_bytes_max(head_of_request());
  parser_->body_limit(body_bytes_max);
  if (parser_->content_length().value_or(0) > body_bytes_max) {
    return backend_.api.refuse_large_body(head_of_request(), backend_.counters);
  }
  parser_->eager(true);
  // RFC 9110 §10.1.1: not for HTTP/1.0, and not for a client that is sending already.
  const bool waits_for_us = head.version() >= 11 && in_.size() == 0 && !parser_->is_done();
  if (waits_for_us && http::token_list(head[http::field::expect]).exists("100-continue")) {
    if (std::optional<api::Response> refused = refuse_body()) return refused;
    state_ = State::awaits_continue;
  }
  return std::nullopt;
}

// Before more of a body is waited for: a caller without the right to this call is refused now, and a large body must have
// room.
std::optional<api::Response> RequestReader::refuse_body() {
  if (state_ == State::body) {
    if (std::optional<api::Response> refused = backend_.api.refuse_unread(head_of_request(), backend_.counters)) {
      return refused;
    }
    state_ = State::admitted;
  }
  check(state_ == State::admitted || state_ == State::awaits_continue, "a body is waited for");
  const std::size_t bytes = std::max<std::size_t>(body_bytes(), parser_->content_length().value_or(0));
  if (bytes <= limits::k_http_small_body_bytes || !backend_.held.is_full()) return std::nullopt;
  return api::refuse_for_room(backend_.counters);
}

// A large body on a slow line is in time as long as each step of it is.
void RequestReader::note_progress_of_body() {
  const std::size_t bytes = body_bytes();
  if (bytes > 0) state_ = State::admitted;
  if (bytes < body_bytes_at_ + limits::k_http_body_step_bytes) return;
  body_bytes_at_ = bytes;
  late_.expires_after(limits::k_http_request);
  owner_.on_body_step();
}

api::Response RequestReader::refusal(api::Fault fault, std::string detail) {
  api::Response response = api::problem(fault, std::move(detail));
  api::count_errors(response, backend_.counters);
  return response;
}

}  // namespace rollcall::net
