// One socket of a load: a window of open questions, sent and received in batches.
//
// Owner    its socket and buffers; borrows the questions.
// Threads  one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <sys/socket.h>
#include <vector>

#include "latency.h"

namespace rollcall::bench {

inline constexpr std::uint64_t k_give_up_ns = 1'000'000'000;
inline constexpr std::uint64_t k_sweep_ns = 100'000'000;
inline constexpr std::uint64_t k_overdue_ns = 500'000;

struct Tally {
  Latencies latencies;  // of answers
  std::uint64_t lost = 0;
  std::uint64_t skipped = 0;  // never asked: the load did not run when they were due
  std::uint64_t servfail = 0;
  std::uint64_t other_rcode = 0;
  std::uint64_t empty = 0;  // NOERROR without an answer record
  std::uint64_t truncated = 0;
  [[nodiscard]] std::uint64_t bad() const { return servfail + other_rcode + empty + truncated; }
};

// What an answer's latency runs from and to, with a rate.
enum class Latency : std::uint8_t {
  whole,   // from when the question was due to when the answer was read: the load's own delays are in it
  server,  // from when it left, or was due if all slots were taken then, to when the answer was at the socket
};

// When questions are due. Without a rate: always.
class Pace {
 public:
  Pace(double rate, Latency latency);
  // Whether one may leave now.
  [[nodiscard]] bool is_due(std::uint64_t now) const {
    return interval_ns_ == 0 || (next_ns_ <= static_cast<double>(now) && left_ > 0);
  }
  // A round in which at most so many leave. What was due while the load did not run, for longer than k_overdue_ns, is left
  // out: asked in a burst it would keep itself waiting. Returns how many those are.
  std::uint64_t begin_round(std::uint64_t now, std::size_t at_most);
  // Takes one that leaves now. The moment from which its latency runs.
  std::uint64_t take(std::uint64_t now);
  // The round has ended: whatever is still due, and might have left, had no slot.
  void end_round(std::uint64_t now) {
    had_no_slot_ = is_due(now);
    if (had_no_slot_) looked_ns_ = now;
  }
  // Until the next is due; zero without a rate.
  [[nodiscard]] std::uint64_t ns_left(std::uint64_t now) const {
    return next_ns_ <= static_cast<double>(now) ? 0 : static_cast<std::uint64_t>(next_ns_) - now;
  }

 private:
  double interval_ns_ = 0;
  double next_ns_ = 0;
  std::size_t left_ = 0;  // of this round
  Latency latency_;
  bool had_no_slot_ = false;
  std::uint64_t looked_ns_ = 0;
};

class UdpClient {
 public:
  UdpClient(const std::string& address, std::uint16_t port, const std::vector<std::string>& questions,
            std::size_t window, std::uint64_t seed, bool is_echo, Latency latency);
  UdpClient(UdpClient&& other) noexcept;
  UdpClient(const UdpClient&) = delete;
  UdpClient& operator=(const UdpClient&) = delete;
  UdpClient& operator=(UdpClient&&) = delete;
  ~UdpClient();

  [[nodiscard]] int socket() const { return socket_; }
  // False: nothing came, nothing left.
  bool receive(Tally& tally);
  bool send(Pace& pace, Tally& tally);
  void give_up_late(Tally& tally);

 private:
  static constexpr std::size_t k_batch = 64;
  static constexpr std::size_t k_question_bytes = 300;
  static constexpr std::size_t k_answer_bytes = 4096;
  static constexpr std::size_t k_control_bytes = 64;
  static constexpr unsigned k_slot_bits = 10;  // of an id; the rest says which use of the slot it is
  static constexpr std::size_t k_window_max = std::size_t{1} << k_slot_bits;

  struct Slot {
    std::uint16_t id = 0;
    std::uint64_t since_ns = 0;  // 0: free
  };
  struct Buffers {
    std::array<std::array<char, k_question_bytes>, k_batch> questions;
    std::array<std::array<unsigned char, k_answer_bytes>, k_batch> answers;
    std::array<iovec, k_batch> out_vectors;
    std::array<iovec, k_batch> in_vectors;
    std::array<mmsghdr, k_batch> out;
    std::array<mmsghdr, k_batch> in;
    std::array<std::array<char, k_control_bytes>, k_batch> controls;  // the answers' times, when asked for
  };

  bool send_batch(std::size_t most, Pace& pace, Tally& tally);
  void prepare_to_receive();
  void take_answer(const unsigned char* message, std::size_t size, std::uint64_t now, Tally& tally);
  void count(const unsigned char* header, Tally& tally) const;
  void free_slot(std::size_t slot);
  std::uint16_t fill(std::size_t at);

  int socket_ = -1;
  const std::vector<std::string>* questions_;
  bool is_echo_;
  bool has_times_;  // answers come with the time at which they were at the socket
  std::uint64_t random_;
  std::vector<Slot> slots_;
  std::vector<std::uint16_t> free_;
  std::vector<Buffers> buffers_;  // one: large, and must not move
};

}  // namespace rollcall::bench
