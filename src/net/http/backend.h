// What all HTTP sessions of one loop share.
//
// Owner    one for each HTTP loop; outlives its sessions. Borrows the rest of the server.
// Threads  the loop's; the counters are read by any.
#pragma once

#include <chrono>
#include <cstdint>
#include <unordered_set>

#include "api/router.h"
#include "base/limits.h"
#include "net/http/event_hub.h"
#include "net/http/held_bytes.h"
#include "net/http/list_maker.h"
#include "net/http/waiting.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/passed.h"
#include "registry/events/feed.h"
#include "registry/events/history.h"
#include "registry/instance/lease.h"
#include "registry/work/writer.h"

namespace rollcall::net {

class HttpSession;

// How long the answer to an HTTP request may take until it is made, and until its client has read it.
struct AnswerTimes {
  std::chrono::milliseconds commit = limits::k_http_commit;    // for a change to be durable
  std::chrono::milliseconds history = limits::k_http_history;  // for a page of the history to be read
  std::chrono::milliseconds list = limits::k_http_list;        // for a long list to be made
  std::chrono::milliseconds write = limits::k_http_write;      // for the client to read some of it
};

// What event streams need of the registry. All borrowed for life.
struct Watching {
  registry::Feed& feed;
  registry::History& history;
};

struct HttpBackend {
  HttpBackend(EventLoop& loop, const api::Router& the_api, registry::Writer& the_writer,
              const registry::TimeSource& the_clock, const Watching& watching, const AnswerTimes& answer_times,
              HeldBytes& all_held, ListMaker& list_maker)
      : api(the_api),
        writer(the_writer),
        clock(the_clock),
        history(watching.history),
        times(answer_times),
        held(all_held),
        lists(list_maker),
        waits(the_clock, counters),
        hub(loop, the_api.zones(), watching.feed, watching.history, counters) {}

  const api::Router& api;
  registry::Writer& writer;
  const registry::TimeSource& clock;
  registry::History& history;
  const AnswerTimes times;
  HeldBytes& held;  // by the sessions of all loops
  ListMaker& lists;
  api::Counters counters{};
  WaitRoom waits;
  EventHub hub;
  // The loop's thread. While it is paused no further request is looked at, and octets wait.
  enum class Pause : std::uint8_t {
    no,
    begun_only,  // a request that cannot be passed on (RequestReader::is_passable) is still read, and routed
    yes,
  };
  Pause pause = Pause::no;
  std::unordered_set<HttpSession*> sessions = {};  // that are there
  PassConnection pass = {};                        // where a session goes that is handed over
};

}  // namespace rollcall::net
