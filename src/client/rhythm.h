// When to send the next heartbeat: interval, jitter, and exponential back-off after errors.
//
// Shape    pure. After an acknowledgement: a third of the lease, with 10 % jitter. After an error: a short delay,
//          doubled with each further error, with 20 % jitter, up to a third of the lease or k_client_beat_retry_max. If
//          the server's Retry-After is later, that is used instead.
// Time     no clock: returns delays.
// Owner    Registrar.
// Threads  not thread-safe: one thread at a time.
#pragma once

#include <chrono>
#include <random>

namespace rollcall::client {

class Rhythm {
 public:
  using Random = std::mt19937_64;

  explicit Rhythm(std::chrono::milliseconds lease) : lease_(lease) {}

  void set_lease(std::chrono::milliseconds lease) { lease_ = lease; }
  [[nodiscard]] std::chrono::milliseconds lease() const { return lease_; }

  // The delay until the next call.
  [[nodiscard]] std::chrono::milliseconds after_acknowledgement(Random& random);
  // `retry_after` is 0 if the server did not send Retry-After.
  [[nodiscard]] std::chrono::milliseconds after_error(std::chrono::milliseconds retry_after, Random& random);

 private:
  std::chrono::milliseconds lease_;
  unsigned errors_ = 0;  // consecutive errors
};

}  // namespace rollcall::client
