#include <utility>

#include "base/limits.h"
#include "net/http/session.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;

constexpr std::string_view k_continue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

// What the client has still to be sent, or to be told. Its next request is looked at when this is small enough.
std::size_t HttpSession::owed() const {
  return queue_.bytes() + outbox_.bytes() + (is_writing_ ? writing_.capacity() : 0);
}

// With the body that is coming in: what counts for all.
void HttpSession::count_owed() {
  const std::size_t body = in_request_ || is_put_off_ ? parser_->get().body().size() : 0;
  share_.set(is_open() ? owed() + body : 0);
}

// Everything ready at the head of the queue, in one write. The socket is tried first: it nearly always takes it all.
void HttpSession::flush() {
  if (!is_open()) return;
  queue_.move_ready(outbox_);
  if (queue_.empty() && std::exchange(owes_continue_, false)) outbox_.tail() += k_continue;
  if (!is_writing_) write_now();
  count_owed();
}

// A commit answers many requests of one connection: they leave in one write.
void HttpSession::flush_soon() {
  if (std::exchange(is_to_be_flushed_, true)) return;
  connection_.loop.post([self = shared_from_this()] {
    self->is_to_be_flushed_ = false;
    self->flush();
    self->wake_reader_for_more();
  });
}

void HttpSession::write_now() {
  if (outbox_.empty() && queue_.empty()) return;  // nothing has changed
  while (!outbox_.empty()) {
    boost::system::error_code error;
    const std::string_view front = outbox_.front();
    const std::size_t sent = connection_.socket.write_some(asio::buffer(front.data(), front.size()), error);
    if (error == asio::error::would_block) break;
    if (error) return close();
    outbox_.consume(sent);
  }
  if (outbox_.empty()) return await_next_request();
  writing_ = outbox_.take_front();
  written_ = 0;
  is_writing_ = true;
  if (!in_request_) reading_late_.cancel_deadline();
  set_write_deadline();
  write_on();
}

void HttpSession::write_on() {
  connection_.socket.async_write_some(
      asio::buffer(writing_.data() + written_, writing_.size() - written_),
      [self = shared_from_this()](const boost::system::error_code& failed, std::size_t octets) {
        self->on_written(failed, octets);
      });
}

void HttpSession::on_written(const boost::system::error_code& failed, std::size_t octets) {
  written_ += octets;
  if (!failed && is_open() && written_ < writing_.size()) {
    set_write_deadline();
    return write_on();
  }
  is_writing_ = false;
  writing_.clear();
  writing_.shrink_to_fit();  // an empty string assigned would keep the memory of a long answer
  write_late_.cancel_deadline();
  if (failed && is_open()) close();
  flush();
  if (is_open() && !is_busy()) await_next_request();
  if (watcher_ && !is_busy()) watcher_->go_on();
  wake_reader_for_more();
}

// Everything has been sent.
void HttpSession::await_next_request() {
  if (in_request_) return;  // the deadline of the request goes on
  if (!queue_.empty() || is_stream_) {
    reading_late_.cancel_deadline();
    if (is_quiet()) {  // for a long time, perhaps: what the last answers took is given back
      outbox_.shrink();
      if (!is_put_off_) parser_.reset();
    }
    return;
  }
  reading_late_.expires_after(limits::k_http_idle);
}

// For the client to take some of what is written. The system takes it in large steps; what the client acknowledges, it
// takes in small ones.
void HttpSession::set_write_deadline() {
  write_late_.expires_after(backend_.times.write);
  acknowledged_ = connection_.socket.acknowledged();
}

void HttpSession::on_write_late() {
  const std::uint64_t taken = connection_.socket.acknowledged() - acknowledged_;
  if (taken >= limits::k_write_progress_bytes_min) return set_write_deadline();
  connection_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
  if (watcher_) backend_.counters.watchers_cut_off.fetch_add(1, std::memory_order_relaxed);
  close();
}

}  // namespace rollcall::net
