// One DNS connection, over TCP or TLS: messages with a two-byte length in front, any number, answered in the order they
// came.
//
// Owner    owns its connection; borrows responder, clock and the loop's worker state.
// Threads  its loop's.
// Deadlines idle is counted from the last whole message, so that one octet a second keeps nothing open; a peer that
//          does not read is cut off.
// Farewell over TLS close_notify is said, unless the peer has broken off or does not read (RFC 7858 §3.4).
// Source   RFC 1035 §4.2.2, RFC 7766, RFC 7858.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "answer/responder.h"
#include "net/event_loop.h"
#include "net/tcp_listener.h"
#include "registry/lease.h"

namespace rollcall::net {

class DnsSession final : private Deadline {
 public:
  DnsSession(Connection connection, const answer::Responder& responder, const registry::TimeSource& clock,
             answer::WorkerState& state);

  boost::asio::awaitable<void> run();

 private:
  void on_deadline() override;
  // Until the peer or a deadline ends it. True: whole messages have been written, a farewell can follow.
  boost::asio::awaitable<bool> converse();
  // Answers every whole message in the buffer. False: the peer does not speak DNS, or wants no answer worth a
  // connection.
  bool answer_messages();
  // The next message of the transfer under way, as all there is to write. Other queries wait for its end.
  void continue_transfer();

  Connection connection_;
  const answer::Responder& responder_;
  const registry::TimeSource& clock_;
  answer::WorkerState& state_;
  std::vector<std::uint8_t> in_;  // what has been read and is no whole message yet
  std::vector<std::uint8_t> out_;
  bool is_leaving_ = false;  // the next deadline is the last
  bool answered_ = false;    // a whole message came with the last read
  std::unique_ptr<answer::TransferStream> transfer_;
  bool has_greeted_ = false;  // TLS is agreed on, and has to be ended as it should
};

}  // namespace rollcall::net
