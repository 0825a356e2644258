// The protocol of one DNS connection, without the socket: octets in, octets out. Each message has its length in two octets
// in front; messages are answered in the order they came.
//
//   room, take         octets as they are read, cut anywhere
//   answer_messages    answers every whole message, until there is enough to write, or a zone transfer begins
//   continue_transfer  the transfer's next message
//
// Owner    owns octets that are not answered or not written yet; borrows responder and worker state.
// Threads  one.
// Limits   k_dns_tcp_backlog_bytes_max of answers, then they are to be written first.
// Source   RFC 1035 §4.2.2, RFC 7766 §8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "answer/responder.h"
#include "base/bytes.h"
#include "registry/instance/lease.h"

namespace rollcall::net {

class DnsConversation {
 public:
  // The time, read once for one batch of answers.
  struct Now {
    registry::LeaseTime lease;
    std::uint32_t wall_seconds;
  };

  DnsConversation(const answer::Responder& responder, const answer::Client& client, answer::WorkerState& state)
      : responder_(responder), client_(client), state_(state) {}

  // The buffer for the next read, valid until `take`.
  [[nodiscard]] WritableBytes room();
  // So many octets have been read into it.
  void take(std::size_t octets);

  // What has been read and is not a whole message yet.
  [[nodiscard]] Bytes unread() const { return Bytes(in_).first(taken_); }

  // Fills `out`. False: the peer sent something that no reply is due to, so the connection is to be closed.
  [[nodiscard]] bool answer_messages(const Now& now);
  // Fills `out` with the next message of the transfer under way; other queries wait for its end. No transfer under way:
  // `out` is empty. False: the transfer cannot go on; closing the connection tells the client.
  [[nodiscard]] bool continue_transfer(std::uint32_t wall_seconds);

  // To be written, with the lengths in front.
  [[nodiscard]] Bytes out() const { return out_; }
  // How many whole messages the last answer_messages found.
  [[nodiscard]] std::size_t answered() const { return answered_; }
  // Whether answer_messages stopped before it had answered all whole messages.
  [[nodiscard]] bool may_have_more() const;

 private:
  [[nodiscard]] bool answer_message(Bytes message, registry::LeaseTime now);

  const answer::Responder& responder_;
  const answer::Client client_;
  answer::WorkerState& state_;
  std::vector<std::uint8_t> in_;  // read, and not a whole message yet
  std::size_t taken_ = 0;         // octets of it that were read; the rest is room
  std::vector<std::uint8_t> out_;
  std::size_t answered_ = 0;
  std::unique_ptr<answer::TransferStream> transfer_;
};

}  // namespace rollcall::net
