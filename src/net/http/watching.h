// What calls that wait, and clients that watch, need of the rest of the server.
#pragma once

#include "registry/feed.h"
#include "registry/history.h"
#include "registry/waiters.h"

namespace rollcall::net {

// All borrowed for life.
struct Watching {
  registry::Waiters& waiters;
  registry::Feed& feed;
  registry::History& history;
};

}  // namespace rollcall::net
