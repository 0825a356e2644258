#include "net/http/session.h"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/event_text.h"
#include "api/finish.h"
#include "api/problem.h"
#include "base/check.h"
#include "base/counted.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/http/response_head.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;

constexpr std::string_view k_continue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

HttpSession::HttpSession(Connection connection, HttpBackend& backend, const KnownHosts* hosts, bool is_at_loopback)
    : connection_(std::move(connection)),
      backend_(backend),
      caller_(connection_.peer),
      host_check_(hosts, is_at_loopback),
      progress_(connection_.loop.context(), asio::steady_timer::time_point::max()),
      reader_(connection_.loop, connection_.socket, caller_, backend, *this),
      writer_(connection_.loop, connection_.socket, backend.times.write, *this),
      answers_(connection_.loop, backend, writer_.outbox(), *this),
      share_(backend.held) {
  reader_.expires_after(limits::k_http_request);  // a client that connects has something to ask
  backend_.sessions.insert(this);
}

HttpSession::~HttpSession() { backend_.sessions.erase(this); }

// --- The connection ---

asio::awaitable<void> HttpSession::run() {
  const auto self = shared_from_this();  // the coroutine is one of the owners
  const bool is_agreed = co_await agree_on_tls();
  if (!is_agreed) co_return;
  boost::system::error_code ignored;
  connection_.socket.socket().non_blocking(true, ignored);
  while (is_open() && !is_over() && !(is_handed_over_ && is_passable())) {
    take_requests();
    flush();
    if (is_handed_over_ && is_passable()) break;
    if (is_over() || (reader_.has_more() && may_route())) continue;  // what was sent has made room for the next request
    if (may_read()) {
      co_await read_more();
    } else {
      co_await wait_for_progress();
    }
  }
  if (is_handed_over_ && is_open() && !connection_.socket.is_encrypted() && is_passable()) {
    pass_on();
    co_return;
  }
  co_await leave();
}

bool HttpSession::is_passable() const {
  return phase_ == Phase::serving && answers_.empty() && !is_busy() && reader_.is_passable() &&
         !reader_.is_input_over();
}

void HttpSession::hand_over() {
  is_handed_over_ = true;
  if (is_passable()) connection_.socket.cancel();
  wake();
}

// Closing our descriptor says nothing to the client: the other one is open.
void HttpSession::pass_on() {
  if (!backend_.pass) return;
  backend_.pass(
      {PassedConnection::Protocol::http, copy_of(connection_.socket.socket().native_handle()), reader_.unread()});
  close();
}

// On a listener with TLS. False: the peer does not speak it.
asio::awaitable<bool> HttpSession::agree_on_tls() {
  if (!connection_.socket.is_encrypted()) co_return true;
  reader_.expires_after(limits::k_tls_handshake);
  const bool is_agreed = co_await connection_.handshake();
  if (!is_agreed && connection_.socket.failure().is_plain_http) co_await refuse_plain_http();
  if (!is_agreed) co_return false;
  caller_ = api::Caller(connection_.peer, connection_.socket.client_identity());
  reader_.expires_after(limits::k_http_request);
  co_return true;
}

// The client reads the answer as it has asked: without TLS. What it still sends is read, as in `leave`.
asio::awaitable<void> HttpSession::refuse_plain_http() {
  const api::Response refusal =
      api::problem(api::Fault::bad_request, "this port speaks TLS: write https:// instead of http://");
  const std::string answer =
      fmt::format("HTTP/1.1 400 Bad Request\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                  refusal.content_type, refusal.body.size(), refusal.body);
  auto& plain = connection_.socket.socket();
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  reader_.expires_after(limits::k_http_linger);
  co_await asio::async_write(plain, asio::buffer(answer), done);
  if (!error) plain.shutdown(asio::socket_base::shutdown_send, error);
  std::array<char, 4'096> rest{};
  while (!error) co_await plain.async_read_some(asio::buffer(rest), done);
}

// Every request has its answer, and no other request comes.
bool HttpSession::is_over() const {
  return answers_.empty() && (phase_ == Phase::closing || (reader_.is_input_over() && !reader_.has_more()));
}

// When its next request may not be looked at, the connection is not read, and TCP slows its client down. While it waits
// or streams it is read to learn when the client closes.
bool HttpSession::may_read() const {
  if (reader_.is_input_over()) return false;
  if (phase_ != Phase::serving) return is_quiet();
  if (may_route()) return true;
  return answers_.is_waiting() && reader_.buffered() < limits::k_http_read_ahead_bytes_max;
}

asio::awaitable<void> HttpSession::wait_for_progress() {
  boost::system::error_code ignored;
  auto done = asio::redirect_error(asio::use_awaitable, ignored);
  co_await progress_.async_wait(done);
}

asio::awaitable<void> HttpSession::read_more() {
  if (reader_.is_small()) writer_.outbox().shrink();
  auto pace = answers_.empty() ? RequestReader::Pace::only_reading : RequestReader::Pace::answering;
  if (is_quiet()) pace = RequestReader::Pace::quiet;
  const boost::system::error_code error = co_await reader_.read(pace);
  if (phase_ != Phase::serving) reader_.discard();
  if (!error || error == asio::error::operation_aborted) co_return;  // aborted: by `wake`
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    end_input();
  } else {
    close();
  }
}

void HttpSession::wake() {
  progress_.cancel();
  reader_.wake();
}

// Something has been answered or sent: `run` goes on if it can do more than continue to read.
void HttpSession::wake_for_requests() {
  progress_.cancel();
  if (is_handed_over_) {
    if (is_passable()) connection_.socket.cancel();
    wake();
  }
  if (phase_ == Phase::streaming) return;
  if (reader_.has_more() || phase_ == Phase::closing || reader_.is_input_over()) wake();
}

// The client has gone, or has only closed its side: it gets its answers all the same. Its waits are answered at once, and
// its event stream ends.
void HttpSession::end_input() {
  reader_.end_input();
  if (phase_ == Phase::streaming) {
    stream_.reset();
    close();
  } else {
    answers_.end_waits();
  }
}

void HttpSession::close() {
  connection_.socket.close();
  answers_.close();
  writer_.close();
  reader_.cancel_deadline();
  progress_.cancel();
}

void HttpSession::close_late() {
  connection_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
  close();
}

void HttpSession::on_reading_late() { close_late(); }

// If we closed with octets unread, a reset could destroy the last answer on its way to the client: what still comes is
// read for a moment (RFC 9112 §9.6).
asio::awaitable<void> HttpSession::leave() {
  while (is_open() && is_busy()) co_await wait_for_progress();
  if (!is_open()) co_return;
  const bool has_peer_gone = reader_.is_input_over() && phase_ != Phase::closing;
  if (has_peer_gone && !connection_.socket.is_encrypted()) co_return;
  reader_.abandon();
  reader_.expires_after(limits::k_http_linger);
  co_await connection_.socket.shut_down();
  co_await reader_.drain();
}

// --- Requests ---

// Whether the next request may be looked at. Where all connections together hold too much, one that holds nothing may
// still ask for something small (api::MemoryRoom), and the others wait until their clients have read.
bool HttpSession::may_route() const {
  if (phase_ != Phase::serving || answers_.is_blocked()) return false;
  if (backend_.pause == HttpBackend::Pause::yes) return false;
  if (backend_.pause == HttpBackend::Pause::begun_only && reader_.is_passable()) return false;
  if (reader_.is_holding() && !answers_.empty()) return false;
  const std::size_t mine = held();
  if (mine >= limits::k_http_held_bytes_max) return false;
  return mine == 0 || !backend_.held.is_full();
}

void HttpSession::take_requests() {
  answers_.move_ready();  // what has its answer is ahead of nobody
  while (may_route() && take_request()) {
  }
}

void HttpSession::tell_of_tls() const {
  const auto left_out = connection_.counters.said_tls.with(
      [](log::Seldom& said) { return said.is_due(std::chrono::steady_clock::now()); });
  if (!left_out) return;
  log::info(
      "{} speaks TLS to a port of plain HTTP (http.listen; TLS is spoken at http.tls.listen) ({} since the last such "
      "line)",
      connection_.peer.text(), counted(*left_out, "more such client"));
}

// False: there is no whole request, or it waits for those ahead of it.
bool HttpSession::take_request() {
  RequestReader::Next next = reader_.next();
  if (api::Response* refusal = std::get_if<api::Response>(&next)) {
    if (reader_.has_heard_tls()) tell_of_tls();
    add_last_answer(std::move(*refusal));
    return false;
  }
  const RequestReader::WholeRequest* const whole = std::get_if<RequestReader::WholeRequest>(&next);
  if (whole == nullptr) return false;
  if (std::optional<api::Response> refused = host_check_.refuse(whole->request)) {
    api::count_errors(*refused, backend_.counters);
    reader_.accept();
    add_last_answer(*std::move(refused));
    return false;
  }
  api::Routed routed = route(whole->request);
  if (std::holds_alternative<api::RouteAgain>(routed)) {
    reader_.hold();
    return reader_.has_more();
  }
  const std::size_t body_bytes = whole->request.body.size();
  const Framing framing = whole->framing;
  reader_.accept();
  if (api::Watch* watch = std::get_if<api::Watch>(&routed)) {
    begin_stream(std::move(*watch), framing);
    return true;
  }
  if (!framing.keep_alive) phase_ = Phase::closing;
  answers_.take(std::move(routed), framing, body_bytes);
  return true;
}

api::Routed HttpSession::route(const api::Request& request) {
  const auto ahead = answers_.empty() ? api::PendingAhead::nothing : api::PendingAhead::changes;
  const auto room = backend_.held.is_full() ? api::MemoryRoom::little : api::MemoryRoom::enough;
  return backend_.api.route(request, backend_.clock.now(), backend_.counters, ahead, room);
}

// Nothing is ahead of it, because a watch is a call that reads. HEAD gets the head alone.
void HttpSession::begin_stream(api::Watch watch, const Framing& framing) {
  check(answers_.empty() && phase_ == Phase::serving, "a watch is routed when nothing is ahead of it");
  write_stream_head(stream_tail(), api::k_event_stream_type, framing.keep_alive, framing.version);
  if (framing.is_head) {
    if (!framing.keep_alive) phase_ = Phase::closing;
    return;
  }
  phase_ = Phase::streaming;
  connection_.socket.bound_send_buffer(limits::k_watch_send_buffer_bytes);
  EventStream::Output& output = *this;
  stream_ = std::make_shared<EventStream>(backend_.hub, output, std::move(watch), framing.version);
  stream_->begin();
}

void HttpSession::end_stream() {
  phase_ = Phase::closing;
  flush();
  wake();
}

void HttpSession::add_last_answer(api::Response response) {
  check(phase_ == Phase::serving, "only one answer is the last");
  phase_ = Phase::closing;
  answers_.add(std::move(response), {.keep_alive = false});
}

// --- Answers ---

// With the body that is being read: this counts for all connections together.
void HttpSession::count_held() { share_.set(is_open() ? held() + reader_.body_bytes() : 0); }

// Everything that is answered, in one write. The socket is tried first: it nearly always takes it all.
void HttpSession::flush() {
  if (!is_open()) return;
  answers_.move_ready();
  if (answers_.empty() && reader_.take_continue()) stream_tail() += k_continue;
  const bool has_work = is_busy() || !answers_.empty();
  if (has_work && !writer_.is_writing()) {
    switch (writer_.send()) {
      case ConnectionWriter::Sent::all: await_next_request(); break;
      case ConnectionWriter::Sent::part:
        if (!reader_.is_in_request()) reader_.cancel_deadline();
        break;
      case ConnectionWriter::Sent::failed: close(); break;
    }
  }
  count_held();
}

// One commit answers many requests of a connection: they are sent in one write, after all that the loop has been given.
void HttpSession::flush_soon() {
  if (std::exchange(is_flush_posted_, true)) return;
  connection_.loop.post([self = shared_from_this()] {
    self->is_flush_posted_ = false;
    self->flush();
    self->wake_for_requests();
  });
}

void HttpSession::on_written(const boost::system::error_code& failed) {
  if (failed && is_open()) close();
  flush();
  if (is_open() && !is_busy()) await_next_request();
  if (stream_ && !is_busy()) stream_->go_on();
  wake_for_requests();
}

// Everything has been sent.
void HttpSession::await_next_request() {
  if (reader_.is_in_request()) return;  // the deadline of the request goes on
  if (answers_.empty() && phase_ != Phase::streaming) return reader_.expires_after(limits::k_http_idle);
  reader_.cancel_deadline();
  if (!is_quiet()) return;
  writer_.outbox().shrink();  // it may be long before the next answer
  reader_.release_memory();
}

void HttpSession::on_answer_late() {
  connection_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
  phase_ = Phase::closing;
  reader_.abandon();
  flush();
  wake();
}

void HttpSession::on_write_late() {
  if (stream_) backend_.counters.watchers_cut_off.fetch_add(1, std::memory_order_relaxed);
  close_late();
}

}  // namespace rollcall::net
