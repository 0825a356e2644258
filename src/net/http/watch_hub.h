// Tells the watchers of one loop what has happened on the roll.
//
// Shape    reads the Feed as it grows, a portion at a time, and offers each event to those whose filter takes it. Who
//          keeps up is given it at once, one write for all events of a portion; who does not reads on by himself.
// Owner    one for each HTTP loop; outlives its watchers. Borrows the rest.
// Threads  the loop's; `has_more` the writer's.
#pragma once

#include <atomic>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/router.h"
#include "net/sockets/event_loop.h"
#include "registry/feed.h"
#include "registry/history.h"

namespace rollcall::net {

class Watcher;

class WatchHub final : private registry::Feed::Listener {
 public:
  WatchHub(EventLoop& loop, const registry::ZoneDirectory& zones, registry::Feed& feed, registry::History& history,
           api::Counters& counters)
      : loop_(loop), zones_(zones), feed_(feed), history_(history), counters_(counters) {}
  ~WatchHub() override;
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  // The server stops: every watcher is told, and has come to its end.
  void close();

 private:
  friend class Watcher;
  using Watchers = std::vector<Watcher*>;

  void has_more() override;
  void join(Watcher& watcher);
  void leave(Watcher& watcher);
  Watchers& line_of(const Watcher& watcher);
  void read_on();
  void offer(const registry::Event& event, Watchers& touched);
  void cut_off_all();
  // Every watcher there is now.
  [[nodiscard]] Watchers all() const;

  EventLoop& loop_;
  const registry::ZoneDirectory& zones_;
  registry::Feed& feed_;
  registry::History& history_;
  api::Counters& counters_;
  Watchers of_everything_;
  std::unordered_map<std::string, Watchers> of_services_;  // by the service's name; none is empty
  std::size_t count_ = 0;
  registry::EventId position_ = 0;  // every event up to here has been offered
  bool is_closed_ = false;
  std::atomic<bool> is_posted_{false};  // whether the loop knows already that there is more
};

}  // namespace rollcall::net
