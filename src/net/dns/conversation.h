// What is said on one DNS connection, without the connection: octets in, octets out. Messages have a two-byte length in
// front, any number of them, and are answered in the order they came.
//
//   room, take      octets as they come, cut anywhere
//   answer_messages every whole message in them, until there is much to write, or a zone transfer begins
//   continue_transfer  the transfer's next message
//
// Owner    owns what is not answered or not written yet; borrows responder and worker state.
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
#include "registry/lease.h"

namespace rollcall::net {

class DnsConversation {
 public:
  // What time it is for one batch of answers.
  struct Now {
    registry::LeaseTime lease;
    std::uint32_t wall_seconds;
  };

  DnsConversation(const answer::Responder& responder, const answer::Client& client, answer::WorkerState& state)
      : responder_(responder), client_(client), state_(state) {}

  // Where the next octets of the peer are put, until `take`.
  [[nodiscard]] WritableBytes room();
  // So many have been put there.
  void take(std::size_t octets);

  // Fills `out`. False: the peer does not speak DNS, or wants no answer worth a connection.
  [[nodiscard]] bool answer_messages(const Now& now);
  // Fills `out` with the next message of the transfer under way; other queries wait for its end. Nothing under way any
  // more: `out` is empty. False: the transfer has broken off, and only the end of the connection can say so.
  [[nodiscard]] bool continue_transfer(std::uint32_t wall_seconds);

  // To be written, with the lengths in front.
  [[nodiscard]] Bytes out() const { return out_; }
  // A whole message was among what answer_messages read last.
  [[nodiscard]] bool has_answered() const { return answered_; }
  // answer_messages stopped before the end of what had come.
  [[nodiscard]] bool may_have_more() const;

 private:
  [[nodiscard]] bool answer_message(Bytes message, registry::LeaseTime now);

  const answer::Responder& responder_;
  const answer::Client client_;
  answer::WorkerState& state_;
  std::vector<std::uint8_t> in_;  // what has been read and is no whole message yet
  std::size_t taken_ = 0;         // octets of it; the rest is room
  std::vector<std::uint8_t> out_;
  bool answered_ = false;
  std::unique_ptr<answer::TransferStream> transfer_;
};

}  // namespace rollcall::net
