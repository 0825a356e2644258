// Many calls over several connections, with a progress bar while they last.
//
// Shape    make() says what the n-th call is, told() what came of it; both may be called by several threads at once, but
//          told() by one at a time. With a rate the n-th call is due at n / rate, whether or not earlier ones were answered,
//          and its time counts from when it was due, so that a slow registry cannot hide.
// Owner    run() blocks until all calls are made, or a signal comes, or nobody can be reached any more.
// Failure  Errc::invalid or unreachable when no client can be opened, or a call found no registry; the rest is not made.
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
  double per_second = 0;  // 0: as fast as they are answered
  std::size_t connections = 8;
  bool outlives_failures = false;  // an unreachable registry is told like any other failure
  std::function<client::HttpRequest(std::size_t)> make;
  std::function<void(std::size_t, const Result<client::HttpResponse>&, std::chrono::microseconds)> told;
};

struct Ended {
  bool is_interrupted = false;
  std::chrono::duration<double> took{0};  // from the first call on
};

[[nodiscard]] Result<Ended> run_campaign(const Campaign& campaign, const client::HttpSettings& settings,
                                         Signals& signals);

// "registering [#####     ]  50 %  512 of 1024"; drawn over on stderr, when that is a terminal.
[[nodiscard]] std::string progress_text(const std::string& title, std::size_t done, std::size_t all,
                                        std::size_t columns);

}  // namespace rollcall::cli
