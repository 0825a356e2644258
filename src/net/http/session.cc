#include "net/http/session.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/limits.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;

constexpr std::size_t k_read_bytes = 16 * 1024;
constexpr std::size_t k_read_bytes_few = 1024;  // nearly any one request; what an idle connection keeps
constexpr std::size_t k_read_bytes_quiet = 256;
constexpr std::size_t k_linger_bytes = 4 * 1024;  // read at a time, and forgotten

}  // namespace

HttpSession::HttpSession(Connection connection, HttpBackend& backend)
    : connection_(std::move(connection)),
      backend_(backend),
      caller_(connection_.peer),
      progress_(connection_.loop.context(), asio::steady_timer::time_point::max()),
      reading_late_(connection_.loop, *this),
      answer_late_(connection_.loop, *this),
      write_late_(connection_.loop, *this),
      share_(backend.owed) {
  reading_late_.expires_after(limits::k_http_request);  // a client that connects has something to ask
}

asio::awaitable<void> HttpSession::run() {
  const auto self = shared_from_this();  // the coroutine is one of the owners
  const bool is_agreed = co_await agree();
  if (!is_agreed) co_return;
  boost::system::error_code ignored;
  connection_.socket.socket().non_blocking(true, ignored);
  while (is_open() && !is_over()) {
    has_more_ = take_requests();
    flush();
    if (is_over() || (has_more_ && may_route())) continue;  // what was sent has made room for the next request
    if (may_read()) {
      co_await read_more();
    } else {
      co_await wait_for_progress();
    }
  }
  co_await leave();
}

// TLS, where the listener speaks it. False: the peer does not.
asio::awaitable<bool> HttpSession::agree() {
  if (!connection_.socket.is_encrypted()) co_return true;
  reading_late_.expires_after(limits::k_tls_handshake);
  const bool is_agreed = co_await connection_.handshake();
  if (!is_agreed) co_return false;
  caller_ = api::Caller(connection_.peer, connection_.socket.client_identity());
  reading_late_.expires_after(limits::k_http_request);
  co_return true;
}

// Every request has its answer, and no other request comes.
bool HttpSession::is_over() const { return queue_.empty() && (closing_ || (is_input_over_ && !has_more_)); }

// Whether the next request may be looked at. Where all connections together owe too much, one that owes nothing may still
// ask for something small (api::MemoryRoom), and the others wait until their clients have read.
bool HttpSession::may_route() const {
  if (closing_ || is_stream_ || queue_.is_full() || queue_.awaits_read()) return false;
  if (is_put_off_ && !queue_.empty()) return false;
  const std::size_t mine = owed();
  if (mine >= limits::k_http_owed_bytes_max) return false;
  return mine == 0 || !backend_.owed.is_full();
}

// A connection whose next request may not be looked at is not read: TCP tells its client. One that waits or watches is
// read to learn of its end.
bool HttpSession::may_read() const {
  if (is_input_over_) return false;
  if (closing_ || is_stream_) return is_quiet();
  if (may_route()) return true;
  return queue_.is_waiting() && in_.size() < limits::k_http_read_ahead_bytes_max;
}

asio::awaitable<void> HttpSession::wait_for_progress() {
  boost::system::error_code ignored;
  auto done = asio::redirect_error(asio::use_awaitable, ignored);
  co_await progress_.async_wait(done);
}

asio::awaitable<void> HttpSession::read_more() {
  const boost::system::error_code error = co_await read_some();
  if (closing_ || is_stream_) in_.clear();
  if (!error || error == asio::error::operation_aborted) co_return;  // aborted: somebody has woken us
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    end_input();
  } else {
    close();
  }
}

// While an answer is waited for, it may end the read (wake_reader): requests behind it may be in the buffer already.
asio::awaitable<boost::system::error_code> HttpSession::read_some() {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  auto until_woken = asio::bind_cancellation_slot(read_cancel_.slot(), done);
  std::size_t room = reads_much_ ? k_read_bytes : k_read_bytes_few;
  if (!reads_much_ && in_.size() == 0) {
    if (in_.capacity() > room) in_.shrink_to_fit();
    outbox_.shrink();
  }
  if (is_quiet() && in_.size() == 0) {
    in_.shrink_to_fit();
    // TLS has a buffer of its own, and must be read to be heard.
    if (connection_.socket.is_encrypted()) {
      room = k_read_bytes_quiet;
    } else {
      co_await connection_.socket.socket().async_wait(asio::socket_base::wait_read, until_woken);
      if (error) co_return error;
    }
  }
  std::size_t got = 0;
  if (is_stream_ || !queue_.empty()) {
    got = co_await connection_.socket.async_read_some(in_.prepare(room), until_woken);
  } else {
    got = co_await connection_.socket.async_read_some(in_.prepare(room), done);
  }
  in_.commit(got);
  reads_much_ = got >= k_read_bytes_few;
  co_return error;
}

void HttpSession::wake_reader() {
  progress_.cancel();
  read_cancel_.emit(asio::cancellation_type::terminal);
}

// Something has been answered or sent: does the coroutine have more to do than to read on?
void HttpSession::wake_reader_for_more() {
  progress_.cancel();
  if (!is_stream_ && (has_more_ || closing_ || is_input_over_)) wake_reader();
}

// The peer has gone, or has only closed its side: it gets its answers all the same. Those who wait are answered at once,
// and nobody watches any more.
void HttpSession::end_input() {
  is_input_over_ = true;
  if (is_stream_) {
    watcher_.reset();
    close();
  } else {
    end_waits();
  }
}

// What is still on its way to an answer finds nobody.
void HttpSession::close() {
  connection_.socket.close();
  queue_.clear();
  outbox_.clear();
  reading_late_.cancel_deadline();
  answer_late_.cancel_deadline();
  write_late_.cancel_deadline();
  progress_.cancel();
}

// A request has not come in time, or none has. One that we have not read on, because its client owes us a read, has not
// come late.
void HttpSession::on_reading_late() {
  if (in_request_ && !may_read()) {
    reading_late_.expires_after(limits::k_http_request);
    return;
  }
  connection_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
  close();
}

// After the last answer: a client still sending would lose the answer to a reset, so it is read for a moment
// (RFC 9112 §9.6).
asio::awaitable<void> HttpSession::leave() {
  while (is_open() && is_busy()) co_await wait_for_progress();
  if (!is_open()) co_return;
  const bool has_peer_gone = is_input_over_ && !closing_;
  if (has_peer_gone && !connection_.socket.is_encrypted()) co_return;
  reading_late_.expires_after(limits::k_http_linger);
  co_await connection_.socket.shut_down();
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  while (is_open() && !error) {
    in_.clear();
    co_await connection_.socket.socket().async_read_some(in_.prepare(k_linger_bytes),
                                                         done);  // no one reads it: octets do
  }
}

}  // namespace rollcall::net
