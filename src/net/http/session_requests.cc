#include <algorithm>
#include <boost/beast/http/rfc7230.hpp>
#include <utility>
#include <variant>

#include "api/problem.h"
#include "base/limits.h"
#include "net/http/request_head.h"
#include "net/http/session.h"

namespace rollcall::net {
namespace {

namespace http = boost::beast::http;

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

// Whether there may be a whole request left in the buffer.
bool HttpSession::take_requests() {
  queue_.move_ready(outbox_);  // what has its answer is ahead of nobody
  bool has_more = true;
  while (has_more && may_route()) has_more = take_request();
  return has_more || is_put_off_;
}

// Whether a whole request was taken from the buffer, and found its place: there may be more.
bool HttpSession::take_request() {
  if (is_put_off_) return route_request();
  if (in_.size() == 0) return false;
  if (!in_request_) {
    if (const std::optional<bool> taken = take_fast_request()) return *taken;
    begin_request();
  }
  if (!parse_one()) return false;
  in_request_ = owes_continue_ = false;
  return route_request();
}

void HttpSession::begin_request() {
  in_request_ = true;
  reading_late_.expires_after(limits::k_http_request);
  parser_.emplace();
  head_bytes_ = body_bytes_seen_ = 0;
  authorization_ = {};
  may_send_body_ = false;
  parser_->header_limit(limits::k_http_header_bytes_max + 1);  // of its parts; the bound is that of their sum
  parser_->body_limit(limits::k_http_batch_body_bytes_max);
}

// The whole request at the front of the buffer, where it is one of the usual. Empty: it is for the parser, also because
// it must wait there.
std::optional<bool> HttpSession::take_fast_request() {
  const std::optional<FastRequest> usual = find_fast_request({static_cast<const char*>(in_.data().data()), in_.size()});
  if (!usual) return std::nullopt;
  api::Routed routed = route({.method = usual->method,
                              .target = usual->target,
                              .body = usual->body,
                              .authorization = usual->authorization,
                              .caller = &caller_});
  if (std::holds_alternative<api::RouteAgain>(routed)) return std::nullopt;
  const bool is_head = usual->method == api::Method::head;
  const std::size_t body_bytes = usual->body.size();
  in_.consume(usual->bytes);
  return take_routed(std::move(routed), {.is_head = is_head}, body_bytes);
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
    if (error == http::error::body_limit) {
      refuse(413, "body_too_large", "the body is larger than this call takes");
      return false;
    }
    if (error && !waits_for_more) {
      refuse(400, "bad_request", "the request is not HTTP/1.1: " + error.message());
      return false;
    }
    if (!had_header && parser_->is_header_done() && !begin_body()) return false;
    if (waits_for_more || (in_.size() == 0 && !parser_->is_done())) {
      if (parser_->is_header_done() && may_take_body()) note_progress_of_body();
      return false;
    }
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
  const std::size_t body_bytes_max = api::Router::body_bytes_max(head_of_request());
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
    if (!may_take_body()) return false;
    owes_continue_ = true;
  }
  return true;
}

// Before any of a body is waited for: who may not make this call hears so now, and a large body must have room. False:
// it was refused.
bool HttpSession::may_take_body() {
  if (!may_send_body_) {
    if (std::optional<api::Response> refused = backend_.api.refuse_unread(head_of_request(), backend_.counters)) {
      refuse(std::move(*refused));
      return false;
    }
    may_send_body_ = true;
  }
  const std::size_t bytes = std::max<std::size_t>(parser_->get().body().size(), parser_->content_length().value_or(0));
  if (bytes <= limits::k_http_small_body_bytes || !backend_.owed.is_full()) return true;
  refuse(api::refuse_for_room(backend_.counters));
  return false;
}

// A large body over a slow line is no slow client, as long as it comes.
void HttpSession::note_progress_of_body() {
  const std::size_t bytes = parser_->get().body().size();
  if (bytes > 0) owes_continue_ = false;
  if (bytes < body_bytes_seen_ + limits::k_http_body_step_bytes) return;
  body_bytes_seen_ = bytes;
  reading_late_.expires_after(limits::k_http_request);
  count_owed();
}

// The request in the parser, without its body.
api::Request HttpSession::head_of_request() {
  const Parser::value_type& head = parser_->get();
  return {.method = to_method(head.method()),
          .target = {head.target().data(), head.target().size()},
          .body = {},
          .authorization = authorization_,
          .is_from_page = is_from_page_,
          .caller = &caller_};
}

// False: the request waits, in the parser, until the changes ahead of it have been answered.
bool HttpSession::route_request() {
  const Parser::value_type& message = parser_->get();
  const Framing framing{.keep_alive = message.keep_alive(),
                        .is_head = message.method() == http::verb::head,
                        .version = message.version()};
  const auto last_event_id = message["Last-Event-ID"];
  api::Request request = head_of_request();
  request.body = message.body();
  request.last_event_id = {last_event_id.data(), last_event_id.size()};
  api::Routed routed = route(request);
  is_put_off_ = std::holds_alternative<api::RouteAgain>(routed);
  if (is_put_off_) return false;
  const std::size_t body_bytes = request.body.size();
  const bool goes_on = take_routed(std::move(routed), framing, body_bytes);
  if (body_bytes > limits::k_http_small_body_bytes) parser_.reset();
  return goes_on;
}

api::Routed HttpSession::route(const api::Request& request) {
  const auto ahead = queue_.empty() ? api::PendingAhead::nothing : api::PendingAhead::changes;
  const auto room = backend_.owed.is_full() ? api::MemoryRoom::little : api::MemoryRoom::enough;
  return backend_.api.route(request, backend_.clock.now(), backend_.counters, ahead, room);
}

// False: it is the last of its connection.
bool HttpSession::take_routed(api::Routed routed, Framing framing, std::size_t body_bytes) {
  if (api::Watch* watched = std::get_if<api::Watch>(&routed)) {
    watch(std::move(*watched), framing);
    return !is_stream_ && !closing_;
  }
  if (!framing.keep_alive) closing_ = true;
  if (api::Response* response = std::get_if<api::Response>(&routed)) {
    answer_next(std::move(*response), framing);
  } else if (api::Submission* submission = std::get_if<api::Submission>(&routed)) {
    submit(std::move(*submission), framing, body_bytes);
  } else if (api::HistoryRequest* history = std::get_if<api::HistoryRequest>(&routed)) {
    ask(std::move(*history), framing);
  } else if (api::LongAnswer* list = std::get_if<api::LongAnswer>(&routed)) {
    const Ticket ticket = queue_.take_place(framing, Awaits::list, 0, AnswerQueue::Time::max());
    make_list(ticket, [make = std::move(list->make), &clock = backend_.clock]() mutable { return make(clock.now()); });
  } else {
    begin_wait(queue_.take_place(framing, Awaits::event, 0, AnswerQueue::Time::max()),
               std::move(std::get<api::Wait>(routed)));
  }
  return true;
}

void HttpSession::refuse(unsigned status, std::string_view code, std::string detail) {
  api::Response response = api::problem(status, code, std::move(detail));
  api::count_errors(response, backend_.counters);
  refuse(std::move(response));
}

// Where the next request begins is not known: the answer is the last.
void HttpSession::refuse(api::Response response) {
  closing_ = true;
  in_request_ = owes_continue_ = false;
  answer_next(std::move(response), {.keep_alive = false});
}

}  // namespace rollcall::net
