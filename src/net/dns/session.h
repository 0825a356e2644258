// One DNS connection, over TCP or TLS: messages with a two-byte length in front, any number, answered in the order they
// came.
//
// Owner    owns its connection; borrows responder, clock and the loop's worker state.
// Threads  its loop's.
// Deadlines idle is counted from the last whole message, so that one octet a second keeps nothing open; a peer that
//          takes next to nothing of its answers is cut off, one that reads slowly and goes on is not.
// Farewell over TLS close_notify is said, unless the peer has broken off or does not read (RFC 7858 §3.4).
// Source   RFC 1035 §4.2.2, RFC 7766, RFC 7858.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>

#include "answer/responder.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "net/dns/conversation.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/tcp_listener.h"
#include "registry/lease.h"

namespace rollcall::net {

class DnsSession final : private Deadline {
 public:
  DnsSession(Connection connection, const answer::Responder& responder, const registry::TimeSource& clock,
             answer::WorkerState& state, std::chrono::milliseconds write_max = limits::k_write);

  boost::asio::awaitable<void> run();

 private:
  void on_deadline() override;
  // All of it, or an error.
  boost::asio::awaitable<boost::system::error_code> write(Bytes octets);
  // Of what is being written, the peer has taken some since the last look.
  [[nodiscard]] bool is_read();
  // Until the peer or a deadline ends it. True: whole messages have been written, a farewell can follow.
  boost::asio::awaitable<bool> converse();

  Connection connection_;
  const registry::TimeSource& clock_;
  DnsConversation conversation_;
  const std::chrono::milliseconds write_max_;
  bool is_writing_ = false;
  std::uint64_t taken_bytes_ = 0;  // by the peer, at the last look
  bool is_leaving_ = false;        // the next deadline is the last
  bool has_greeted_ = false;       // TLS is agreed on, and has to be ended as it should
};

}  // namespace rollcall::net
