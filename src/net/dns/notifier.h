// Sends NOTIFY to secondaries when a zone has a new serial.
//
// Shape    one Target for each zone and secondary. It has at most one NOTIFY under way and begins at most one a second;
//          changes meanwhile are covered by the next. A NOTIFY is sent again after 1, 2, 4 … seconds, k_notify_tries_max
//          times in all, until any reply comes, whatever its RCODE. Each Target sends one at the start.
// Owner    a Target owns its connected socket, bound to the address DNS is served at.
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
  std::optional<dns::TsigKey> key;  // signs its NOTIFY messages
};

struct NotifyPace {
  std::chrono::milliseconds interval = limits::k_notify_interval;  // from a reply to the next NOTIFY
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
