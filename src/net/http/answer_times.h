// How long the answer to an HTTP request may take to be there, and to be taken.
#pragma once

#include <chrono>

#include "base/limits.h"

namespace rollcall::net {

struct AnswerTimes {
  std::chrono::milliseconds commit = limits::k_http_commit;    // for a change to be durable
  std::chrono::milliseconds history = limits::k_http_history;  // for a page of the history to be read
  std::chrono::milliseconds list = limits::k_http_list;        // for a long list to be made
  std::chrono::milliseconds write = limits::k_http_write;      // for the client to take some of it
};

}  // namespace rollcall::net
