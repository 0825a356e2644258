// Runs one check: connects, asks, and says how it ended.
//
// Shape    the addresses of a run are tried in order until one passes; the sentence of a result is about the last one.
//          A host name is looked up first.
// Limits   the time-out holds for the whole run, look-up included; it is noticed at most 0.2 s late. Of an HTTP answer
//          8 KiB of header and k_check_body_bytes_max of body are read.
// Close    a connection is reset (SO_LINGER 0): thousands of checks leave no port behind in TIME_WAIT.
// Threads  the loop's. `permits` must be callable from it.
// Failure  is a result. When this server lacks descriptors, memory or ports, the result is not_run, which says nothing about
//          the instance.
// Source   docs/checks.md; RFC 9112 (GET), RFC 1035 §4 (query).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "base/ip_address.h"
#include "net/checks/host_names.h"
#include "net/sockets/event_loop.h"
#include "registry/work/health_schedule.h"

namespace rollcall::net {

// Which addresses checks may connect to.
using CheckPermit = std::function<bool(const IpAddress&)>;

// Everything given outlives the coroutine.
[[nodiscard]] boost::asio::awaitable<health::RunResult> run_check(registry::CheckRun run, EventLoop& loop,
                                                                  HostNames& names, const CheckPermit& permits);

}  // namespace rollcall::net
