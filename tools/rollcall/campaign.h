// Sends many HTTP calls over several connections in parallel, with a progress bar; used by `import` and `load`.
//
// Shape    make() creates the n-th request; told() receives its result. Threads may run make() concurrently; told() is
//          called by one thread at a time. With a rate, call n is due at n / rate, whether or not earlier calls were
//          answered, and its latency counts from that time: a slow registry cannot hide its delays (no coordinated
//          omission).
// Owner    run_campaign() owns the connections and their threads.
// Threads  run_campaign() blocks until all calls are made, a signal arrives, or it fails.
// Failure  an Error if a client cannot be opened, or (without `outlives_failures`) if a call gets no answer from a
//          registry; the other calls are then not made.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "base/result.h"
#include "client/http_client.h"
#include "tools/rollcall/signals.h"

namespace rollcall::cli {

struct Campaign {
  std::string title;  // of the progress bar
  std::size_t calls = 0;
  double per_second = 0;  // rate limit; 0: no limit
  std::size_t connections = 8;
  bool outlives_failures = false;  // a call without an answer does not end the campaign
  std::function<client::HttpRequest(std::size_t)> make;
  std::function<void(std::size_t, const Result<client::HttpResponse>&, std::chrono::microseconds)> told;
};

struct Ended {
  bool is_interrupted = false;
  std::chrono::duration<double> took{0};  // since the first call
};

[[nodiscard]] Result<Ended> run_campaign(const Campaign& campaign, const client::HttpSettings& settings,
                                         Signals& signals);

// "registering [#####     ]  50 %  512 of 1024"; redrawn in place on stderr, if that is a terminal.
[[nodiscard]] std::string progress_text(const std::string& title, std::size_t done, std::size_t all,
                                        std::size_t columns);

}  // namespace rollcall::cli
