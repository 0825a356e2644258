// Datagrams in and answers out, many with one system call.
//
//   receive: waits for one, takes all that are there   →   room / add for each   →   send
//
// Runs     a run is the answers of one size to one peer. They leave as one buffer that the kernel cuts (UDP_SEGMENT,
//          udp(7)), so a stub that asks many questions from one socket costs one pass through the network stack. The
//          datagrams on the wire are the same. A run that the kernel refuses (the device cannot cut, or the path uses
//          IPsec) is sent answer by answer; other runs are not affected.
// Owner    owns its buffers; the socket is the caller's.
// Threads  its worker's.
// Failure  an answer that cannot be sent is dropped: the client asks again.
// Limits   k_batch datagrams at once; a query longer than k_query_bytes_max is not one; k_run_bytes_max in a run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <sys/socket.h>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"

namespace rollcall::net {

class UdpBatch {
 public:
  static constexpr std::size_t k_batch = 64;
  static constexpr std::size_t k_query_bytes_max = 4096;  // a question and options; the largest sane query is a tenth

  // An answer has at most so many octets.
  explicit UdpBatch(std::size_t answer_bytes_max);
  UdpBatch(const UdpBatch&) = delete;
  UdpBatch& operator=(const UdpBatch&) = delete;

  // Waits for a datagram, then takes all that are there. Returns how many; 0: the socket was shut down, or failed.
  [[nodiscard]] std::size_t receive(int socket);
  // The i-th datagram received last.
  [[nodiscard]] Bytes query(std::size_t i) const { return {in_vectors_[i].base(), in_[i].msg_len}; }
  [[nodiscard]] bool is_cut_short(std::size_t i) const { return (in_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0; }
  [[nodiscard]] const sockaddr_storage& peer(std::size_t i) const { return slots_[i].peer; }

  // Where the next answer is written. `add` queues it for the next `send`: to the query's source, from the address the query
  // was sent to.
  [[nodiscard]] WritableBytes room() { return {answers_.data() + count_ * answer_stride_, answer_bytes_max_}; }
  void add(std::size_t query, std::size_t bytes);
  void send(int socket);

  // Runs that the kernel refused to cut.
  [[nodiscard]] std::uint64_t refused_runs() const { return refused_runs_; }

 private:
  static constexpr std::size_t k_control_bytes = 64;  // one in_pktinfo or in6_pktinfo
  static constexpr std::size_t k_runs_searched = 16;  // the newest: more would cost more than they bring
  static constexpr std::size_t k_segment_bytes_max = limits::k_udp_payload_unfragmented;
  // udp(7): a run is one datagram until it is cut, so it has no more octets than one can have with the headers of IPv6
  // (40) and UDP (8) in front, nor more pieces than UDP_MAX_SEGMENTS.
  static constexpr std::size_t k_run_bytes_max = limits::k_message_bytes_max - 48;
  static constexpr std::size_t k_segments_max = 64;
  static_assert(k_batch <= k_segments_max);

  // The destination of a query, on a socket bound to every address, is the answer's source; behind it a run has its size.
  struct Slot {
    alignas(cmsghdr) std::array<std::uint8_t, k_control_bytes + CMSG_SPACE(sizeof(std::uint16_t))> control;
    sockaddr_storage peer;
  };
  struct Vector : iovec {
    [[nodiscard]] const std::uint8_t* base() const { return static_cast<const std::uint8_t*>(iov_base); }
  };
  // Answers that leave as one buffer.
  struct Run {
    std::uint8_t query = 0;  // the first one's
    std::uint8_t count = 0;
    std::uint16_t bytes = 0;  // of each
  };

  [[nodiscard]] bool have_one_way(std::size_t query, std::size_t other) const;
  [[nodiscard]] std::size_t find_run(std::size_t query, std::size_t bytes) const;
  void lay_out_runs();
  void set_segment_size(msghdr& message, const Run& run);
  void send_one_by_one(int socket, const msghdr& run);

  const std::size_t answer_bytes_max_;
  const std::size_t answer_stride_;
  std::uint64_t refused_runs_ = 0;

  std::vector<std::uint8_t> queries_;
  std::vector<std::uint8_t> answers_;
  std::vector<Slot> slots_;
  std::array<Vector, k_batch> in_vectors_{};
  std::array<mmsghdr, k_batch> in_{};

  std::size_t count_ = 0;  // answers
  std::size_t run_count_ = 0;
  std::array<std::uint16_t, k_batch> bytes_{};  // of an answer
  std::array<std::uint8_t, k_batch> run_of_{};  // an answer
  std::array<Run, k_batch> runs_{};
  std::array<iovec, k_batch> out_vectors_{};  // run by run
  std::array<mmsghdr, k_batch> out_{};
};

}  // namespace rollcall::net
