#include "net/dns/session.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <ctime>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/sockets/acknowledged.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;

std::uint32_t wall_seconds() { return static_cast<std::uint32_t>(std::time(nullptr)); }

answer::Client client_of(const Connection& connection) {
  return {connection.socket.is_encrypted() ? answer::Transport::tls : answer::Transport::tcp, connection.peer};
}

}  // namespace

DnsSession::DnsSession(Connection connection, const answer::Responder& responder, const registry::TimeSource& clock,
                       answer::WorkerState& state, std::chrono::milliseconds write_max, DnsSessions* sessions)
    : Deadline(connection.loop),
      connection_(std::move(connection)),
      clock_(clock),
      counters_(state.counters),
      conversation_(responder, client_of(connection_), state),
      write_max_(write_max),
      sessions_(sessions) {
  if (sessions_ != nullptr) sessions_->all.insert(this);
}

DnsSession::~DnsSession() {
  if (sessions_ != nullptr) sessions_->all.erase(this);
}

void DnsSession::begin_with(std::string_view octets) {
  while (!octets.empty()) {
    const WritableBytes room = conversation_.room();
    const std::size_t count = std::min(room.size(), octets.size());
    std::ranges::copy(octets.substr(0, count), room.begin());
    conversation_.take(count);
    octets.remove_prefix(count);
  }
}

void DnsSession::hand_over() {
  is_handed_over_ = true;
  if (is_between_messages_) connection_.socket.cancel();
}

void DnsSession::pass_on() {
  if (!sessions_->pass) return;
  sessions_->pass({PassedConnection::Protocol::dns, copy_of(connection_.socket.socket().native_handle()),
                   std::string(text_of(conversation_.unread()))});
}

// Over TLS the first deadline cancels what is under way, so that `run` goes on to close_notify; the second closes the socket.
void DnsSession::on_deadline() {
  if (is_writing_ && !is_leaving_ && is_read()) return expires_after(write_max_);
  if (!is_leaving_) connection_.counters.timed_out.fetch_add(1, std::memory_order_relaxed);
  if (is_leaving_ || !has_greeted_) {
    connection_.socket.close();
    return;
  }
  is_leaving_ = true;
  expires_after(limits::k_tls_goodbye);  // an operation that had just finished goes on, but not for longer than this
  connection_.socket.cancel();
}

bool DnsSession::is_read() {
  const std::uint64_t taken = acknowledged_bytes(connection_.socket.socket().native_handle());
  return taken - std::exchange(taken_bytes_, taken) >= limits::k_write_progress_bytes_min;
}

asio::awaitable<boost::system::error_code> DnsSession::write(Bytes octets) {
  boost::system::error_code error;
  is_writing_ = true;
  taken_bytes_ = acknowledged_bytes(connection_.socket.socket().native_handle());
  expires_after(write_max_);
  co_await asio::async_write(connection_.socket, asio::buffer(octets.data(), octets.size()),
                             asio::redirect_error(asio::use_awaitable, error));
  is_writing_ = false;
  co_return error;
}

asio::awaitable<void> DnsSession::run() {
  if (!connection_.socket.is_encrypted()) {
    co_await converse();
    if (is_handed_over_ && is_between_messages_) pass_on();
    co_return;
  }
  expires_after(limits::k_tls_handshake);
  has_greeted_ = co_await connection_.handshake();
  if (!has_greeted_) co_return;
  const bool may_say_farewell = co_await converse();
  if (!may_say_farewell) co_return;
  is_leaving_ = true;
  expires_after(limits::k_tls_goodbye);
  co_await connection_.socket.shut_down();
}

asio::awaitable<bool> DnsSession::converse() {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  expires_after(limits::k_dns_tcp_idle);
  while (true) {
    is_between_messages_ = true;
    if (is_handed_over_) co_return true;
    const WritableBytes room = conversation_.room();
    const std::size_t got = co_await connection_.socket.async_read_some(asio::buffer(room.data(), room.size()), done);
    conversation_.take(got);
    if (is_handed_over_ && error == asio::error::operation_aborted) co_return true;
    is_between_messages_ = false;
    if (error) {  // closed, by the peer after its last answer or by the deadline
      co_return error == asio::error::eof || error == asio::error::operation_aborted;
    }
    if (is_leaving_) co_return true;
    while (true) {
      const auto read_at = std::chrono::steady_clock::now();
      const bool goes_on = conversation_.answer_messages({clock_.at(read_at), wall_seconds()});
      std::size_t unsent = conversation_.answered() - (goes_on ? 0 : 1);  // the last one gets no reply
      const bool may_have_more = conversation_.may_have_more();
      while (!conversation_.out().empty()) {
        error = co_await write(conversation_.out());
        if (error) co_return false;
        counters_.count_duration(std::chrono::steady_clock::now() - read_at, std::exchange(unsent, 0));
        if (!conversation_.continue_transfer(wall_seconds())) {
          log::error("a zone transfer to {} has broken off: a record is too large for a message",
                     connection_.peer.text());
          co_return true;
        }
      }
      if (!goes_on) co_return true;
      if (conversation_.answered() > 0) expires_after(limits::k_dns_tcp_idle);
      if (!may_have_more) break;
    }
  }
}

}  // namespace rollcall::net
