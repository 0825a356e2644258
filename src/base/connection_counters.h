// What the listeners have seen. Relaxed counters: any thread writes, a scrape reads; and when a line about it is due again.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/guarded.h"
#include "base/log.h"

namespace rollcall {

struct ConnectionCounters {
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};            // closed at once: over a limit
  std::atomic<std::uint64_t> not_accepted{0};       // accept() failed: no descriptor or memory was left
  std::atomic<std::uint64_t> held_bytes{0};         // gauge: memory held for HTTP clients (net/http/held_bytes.h)
  std::atomic<std::uint64_t> timed_out{0};          // closed because a deadline passed
  std::atomic<std::uint64_t> handshakes{0};         // of TLS, that succeeded
  std::atomic<std::uint64_t> handshakes_failed{0};  // of TLS, that did not
  Guarded<log::Seldom> said_handshake;              // why one failed
  Guarded<log::Seldom> said_tls;                    // that TLS came to a port without it
};

}  // namespace rollcall
