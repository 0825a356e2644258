#include "net/dns_session.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <ctime>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;

constexpr std::size_t k_length_bytes = 2;
constexpr std::size_t k_read_bytes = 4096;

}  // namespace

DnsSession::DnsSession(Connection connection, const answer::Responder& responder, const registry::TimeSource& clock,
                       answer::WorkerState& state)
    : Deadline(connection.loop),
      connection_(std::move(connection)),
      responder_(responder),
      clock_(clock),
      state_(state) {}

void DnsSession::on_deadline() {
  connection_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
  boost::system::error_code ignored;
  connection_.socket.close(ignored);
}

asio::awaitable<void> DnsSession::run() {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  expires_after(limits::k_dns_tcp_idle);
  while (true) {
    const std::size_t before = in_.size();
    in_.resize(before + k_read_bytes);
    const std::size_t got =
        co_await connection_.socket.async_read_some(asio::buffer(in_.data() + before, k_read_bytes), done);
    in_.resize(before + got);
    if (error) co_return;  // closed, by the peer after its last answer or by the deadline
    while (true) {
      const bool goes_on = answer_messages();
      if (!out_.empty()) {
        expires_after(limits::k_write);
        co_await asio::async_write(connection_.socket, asio::buffer(out_), done);
        if (error) co_return;
      }
      if (!goes_on) co_return;
      if (answered_) expires_after(limits::k_dns_tcp_idle);
      if (out_.size() < limits::k_dns_tcp_backlog_bytes_max) break;
    }
  }
}

bool DnsSession::answer_messages() {
  out_.clear();
  answered_ = false;
  bool goes_on = true;
  state_.wall_seconds = static_cast<std::uint32_t>(std::time(nullptr));
  std::size_t at = 0;
  while (goes_on && in_.size() - at >= k_length_bytes && out_.size() < limits::k_dns_tcp_backlog_bytes_max) {
    const std::size_t length = load_u16(in_.data() + at);
    if (in_.size() - at - k_length_bytes < length) break;
    const Bytes message(in_.data() + at + k_length_bytes, length);
    const std::size_t out_at = out_.size();
    out_.resize(out_at + k_length_bytes + limits::k_message_bytes_max);
    const std::size_t size = responder_.respond(message, {answer::Transport::tcp, connection_.peer}, clock_.now(),
                                                WritableBytes(out_).subspan(out_at + k_length_bytes), state_);
    // No answer is due (a response, or less than a header): nothing that follows can be trusted either.
    if (size == 0) goes_on = false;
    store_u16(out_.data() + out_at, static_cast<std::uint16_t>(size));
    out_.resize(size == 0 ? out_at : out_at + k_length_bytes + size);
    at += k_length_bytes + length;
    answered_ = true;
  }
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at));
  return goes_on;
}

}  // namespace rollcall::net
