// Asks the secondaries that are told by NOTIFY which serial of their zones they have, and exports how far they are behind.
//
// Shape    each zone of each secondary is asked for its SOA over UDP every k_secondary_look, and not more often than
//          k_secondary_pace for all of them; the questions are spread over that time. A secondary has one row, with the worst of
//          its zones: there may be 200,000 zones.
// Lag      the serial here when the question was sent less the serial there (RFC 1982); 0 where that one is not older. A zone that
//          changes all the time is always a step ahead of its secondaries, so there is also the time: for how long a serial has
//          been shown here that the secondary has not reached.
// Owner    owns its sockets: one for each question, with a port of its own.
// Threads  the loop's; put_metrics: any.
// Failure  a secondary that does not answer, or answers without the zone's SOA, tells no serial: its row says so.
// Source   RFC 1996 §3.11 (a primary may ask for the SOA), RFC 1034 §4.3.5.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "answer/zone/zones.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "net/dns/notifier.h"
#include "net/sockets/event_loop.h"

namespace rollcall::net {

struct LookPace {
  std::chrono::milliseconds interval = limits::k_secondary_look;
  std::chrono::milliseconds patience = limits::k_secondary_patience;
};

class SecondaryWatch {
 public:
  SecondaryWatch(EventLoop& loop, const answer::Zones& zones, const std::vector<Secondary>& secondaries,
                 LookPace pace = {});
  ~SecondaryWatch();

  // Before the loop starts.
  void start();
  void put_metrics(MetricsSink& sink) const;

 private:
  class Target;

  EventLoop& loop_;
  LookPace pace_;
  std::vector<std::shared_ptr<Target>> targets_;
};

}  // namespace rollcall::net
