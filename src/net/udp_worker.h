// One worker's UDP socket: datagrams in, answers out, in batches.
//
//   wait for readable → recvmmsg until empty → Responder::respond for each → sendmmsg
//
// Owner    owns its socket and its buffers; borrows loop, responder and clock.
// Threads  its loop's. Nothing is shared with another worker but what the responder reads.
// Limits   k_batch datagrams a system call; a query longer than k_query_bytes_max is not one.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <sys/socket.h>
#include <vector>

#include "answer/responder.h"
#include "net/event_loop.h"
#include "net/socket.h"
#include "registry/lease.h"

namespace rollcall::net {

class UdpWorker {
 public:
  UdpWorker(EventLoop& loop, Descriptor socket, const answer::Responder& responder, const registry::TimeSource& clock,
            answer::WorkerState& state);

  // Answers until the loop ends.
  boost::asio::awaitable<void> run();

 private:
  static constexpr std::size_t k_batch = 64;
  static constexpr std::size_t k_query_bytes_max = 4096;  // a question and options; the largest sane query is a tenth
  static constexpr std::size_t k_control_bytes = 64;      // one in_pktinfo or in6_pktinfo
  static constexpr int k_batches_in_a_row = 32;           // then whoever else lives on the loop gets a turn

  struct Slot {
    alignas(cmsghdr) std::array<std::uint8_t, k_control_bytes> control;
    sockaddr_storage peer;
  };

  std::size_t receive();
  std::size_t answer(std::size_t received);
  void send(std::size_t count);

  boost::asio::posix::stream_descriptor socket_;
  const answer::Responder& responder_;
  const registry::TimeSource& clock_;
  answer::WorkerState& state_;

  std::vector<std::uint8_t> queries_;
  std::vector<std::uint8_t> replies_;
  std::vector<Slot> slots_;
  std::array<iovec, k_batch> in_vectors_{};
  std::array<iovec, k_batch> out_vectors_{};
  std::array<mmsghdr, k_batch> in_{};
  std::array<mmsghdr, k_batch> out_{};
};

}  // namespace rollcall::net
