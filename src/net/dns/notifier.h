// Tells secondaries that a zone has a new serial.
//
// Shape    one Target for each zone and secondary: at most one NOTIFY under way, at most one new one in a second; what
//          changes meanwhile is told by the next. Sent again after 1, 2, 4 … seconds, k_notify_tries_max times in all;
//          any reply to it, whatever its RCODE, ends it. Once at the start.
// Owner    a Target owns its socket, connected, and bound to the address DNS is served at.
// Threads  `notify`: any. Everything else: the loop's.
// Source   RFC 1996 §3.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "answer/zone/zones.h"
#include "base/ip_address.h"
#include "base/limits.h"
#include "base/random.h"
#include "dns/tsig.h"
#include "net/sockets/event_loop.h"

namespace rollcall::net {

struct Secondary {
  registry::ZoneId zone{};
  IpEndpoint endpoint;
  std::optional<dns::TsigKey> key;  // signs what it is told
};

struct NotifyPace {
  std::chrono::milliseconds interval = limits::k_notify_interval;  // from an answer to the next news
  std::chrono::milliseconds patience = limits::k_notify_patience;  // for the first answer; doubled each time
};

class Notifier {
 public:
  // `sources` are the addresses DNS is served at.
  Notifier(EventLoop& loop, const answer::Zones& zones, std::vector<Secondary> secondaries,
           const std::vector<IpEndpoint>& sources, NotifyPace pace = {});

  // Before the loop starts.
  void start();
  void notify(registry::ZoneId zone);

 private:
  class Target;

  EventLoop& loop_;
  std::vector<std::shared_ptr<Target>> targets_;
};

}  // namespace rollcall::net
