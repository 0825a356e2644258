// When the next heartbeat is due.
//
// Shape    pure. After an acknowledgement a third of the lease, give or take a tenth of that; after an error soon, twice
//          as late each time, give or take a fifth, up to a third of the lease or k_client_beat_retry_max; or when the
//          server's Retry-After says, if that is later.
// Threads  one at a time.
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

  // Until the next call.
  [[nodiscard]] std::chrono::milliseconds after_acknowledgement(Random& random);
  // `retry_after` is 0 where the server has not said.
  [[nodiscard]] std::chrono::milliseconds after_error(std::chrono::milliseconds retry_after, Random& random);

 private:
  std::chrono::milliseconds lease_;
  unsigned errors_ = 0;  // in a row
};

}  // namespace rollcall::client
