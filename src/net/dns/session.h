// One DNS connection, over TCP or TLS: messages with a two-byte length in front, any number, answered in the order they
// came.
//
// Owner    owns its connection; borrows responder, clock and the loop's worker state.
// Threads  its loop's.
// Deadlines the idle time counts from the last whole message, so sending one octet a second does not keep a connection
//          open. A peer that reads its answers slowly is kept; one that reads next to nothing of them is cut off.
// Close    over TLS with close_notify, unless the peer has broken off or does not read (RFC 7858 §3.4).
// Source   RFC 1035 §4.2.2, RFC 7766, RFC 7858.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <unordered_set>

#include "answer/counters.h"
#include "answer/responder.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "net/dns/conversation.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/passed.h"
#include "net/sockets/tcp_listener.h"
#include "registry/instance/lease.h"

namespace rollcall::net {

class DnsSession;

// Those of one loop; its thread.
struct DnsSessions {
  std::unordered_set<DnsSession*> all = {};
  PassConnection pass = {};  // where a session goes that is handed over
};

class DnsSession final : private Deadline {
 public:
  DnsSession(Connection connection, const answer::Responder& responder, const registry::TimeSource& clock,
             answer::WorkerState& state, std::chrono::milliseconds write_max = limits::k_write,
             DnsSessions* sessions = nullptr);
  ~DnsSession() override;

  boost::asio::awaitable<void> run();

  // --- A hand-over to another process; the loop's thread ---

  // Another process has read so much of it, less than a message. Before `run`.
  void begin_with(std::string_view octets);
  // `run` ends after what is being answered, and passes the connection on; one with TLS is closed in order.
  void hand_over();

 private:
  void on_deadline() override;
  void pass_on();
  // Writes all of it, or ends with an error.
  boost::asio::awaitable<boost::system::error_code> write(Bytes octets);
  // Whether the peer has acknowledged enough of what is being written since the last call.
  [[nodiscard]] bool is_read();
  // Until the peer or a deadline ends it. True: only whole messages were written, so TLS can be closed in order.
  boost::asio::awaitable<bool> converse();

  Connection connection_;
  const registry::TimeSource& clock_;
  answer::Counters& counters_;  // its loop's
  DnsConversation conversation_;
  const std::chrono::milliseconds write_max_;
  bool is_writing_ = false;
  std::uint64_t taken_bytes_ = 0;  // acknowledged by the peer when is_read was called last
  bool is_leaving_ = false;        // the connection is closing: the next deadline is the last
  bool is_handed_over_ = false;
  bool is_between_messages_ = false;  // waits for the next one
  DnsSessions* const sessions_;       // null: nothing is handed over
  bool has_greeted_ = false;          // the TLS handshake is done, so close_notify is due
};

}  // namespace rollcall::net
