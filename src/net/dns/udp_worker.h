// One worker's UDP socket, and the thread that answers what comes to it.
//
//   wait for a datagram → take all that are there → Responder::respond for each → send all answers
//
// Owner    its socket, buffers, thread and counters; borrows responder and clock.
// Threads  its own, with short scheduler slices (short_slice.h); workers share nothing but what the responder reads. `stop`:
//          any other thread. A signal wakes it (wake_up.h), because its socket may be others' too: a service manager keeps it
//          for the next start, and a shutdown(2) would last.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>

#include "answer/responder.h"
#include "base/pulse.h"
#include "net/dns/udp_batch.h"
#include "net/sockets/socket.h"
#include "registry/instance/lease.h"

namespace rollcall::net {

class UdpWorker {
 public:
  UdpWorker(Descriptor socket, const answer::Responder& responder, const registry::TimeSource& clock);
  ~UdpWorker();
  UdpWorker(const UdpWorker&) = delete;
  UdpWorker& operator=(const UdpWorker&) = delete;

  // `name` is what the operating system shows for the thread.
  void start(const std::string& name);
  // Answers what has been taken, and ends the thread.
  void stop();

  [[nodiscard]] int descriptor() const { return socket_.get(); }
  [[nodiscard]] std::optional<IpEndpoint> endpoint() const { return own_endpoint(socket_); }
  // Whether it makes progress. Any thread.
  [[nodiscard]] const Steps& steps() const { return steps_; }
  [[nodiscard]] const answer::Counters& counters() const { return state_.counters; }
  // After `stop`: UdpBatch::refused_runs.
  [[nodiscard]] std::uint64_t refused_runs() const { return batch_.refused_runs(); }

 private:
  void run();
  void answer(std::size_t received);

  const Descriptor socket_;
  const answer::Responder& responder_;
  const registry::TimeSource& clock_;
  answer::WorkerState state_;
  UdpBatch batch_;
  std::array<answer::FastQuery, UdpBatch::k_batch> ahead_;
  Steps steps_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> has_ended_{false};
  std::thread thread_;
};

}  // namespace rollcall::net
