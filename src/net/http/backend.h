// What all HTTP sessions of one loop share.
//
// Owner    one for each HTTP loop; outlives its sessions. Borrows the rest of the server.
#pragma once

#include "api/router.h"
#include "net/http/answer_times.h"
#include "net/http/list_maker.h"
#include "net/http/owed_bytes.h"
#include "net/http/waiting.h"
#include "net/http/watch_hub.h"
#include "net/http/watching.h"
#include "net/sockets/event_loop.h"
#include "registry/lease.h"
#include "registry/writer.h"

namespace rollcall::net {

struct HttpBackend {
  HttpBackend(EventLoop& loop, const api::Router& the_api, registry::Writer& the_writer,
              const registry::TimeSource& the_clock, const Watching& watching, const AnswerTimes& answer_times,
              OwedBytes& all_owed, ListMaker& list_maker)
      : api(the_api),
        writer(the_writer),
        clock(the_clock),
        history(watching.history),
        times(answer_times),
        owed(all_owed),
        lists(list_maker),
        waits(the_api, watching.waiters, the_clock, counters),
        hub(loop, the_api.zones(), watching.feed, watching.history, counters) {}

  const api::Router& api;
  registry::Writer& writer;
  const registry::TimeSource& clock;
  registry::History& history;
  const AnswerTimes times;
  OwedBytes& owed;  // of the sessions of all loops
  ListMaker& lists;
  api::Counters counters{};
  WaitRoom waits;
  WatchHub hub;
};

}  // namespace rollcall::net
