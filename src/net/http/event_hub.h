// Hands each event of the roll to the event streams of one loop.
//
// Shape    reads the Feed as it grows, a portion at a time, and offers each event to the streams whose filter takes it. A
//          stream that is up to date is given it at once, one write for all events of a portion; one that is behind reads
//          the Feed by itself.
// Owner    one for each HTTP loop; outlives its streams. Borrows the rest.
// Threads  the loop's; `has_more` the writer's.
#pragma once

#include <atomic>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/router.h"
#include "net/sockets/event_loop.h"
#include "registry/events/feed.h"
#include "registry/events/history.h"

namespace rollcall::net {

class EventStream;

class EventHub final : private registry::Feed::Listener {
 public:
  EventHub(EventLoop& loop, const registry::ZoneDirectory& zones, registry::Feed& feed, registry::History& history,
           api::Counters& counters)
      : loop_(loop), zones_(zones), feed_(feed), history_(history), counters_(counters) {}
  ~EventHub() override;
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  // The server stops: every stream is told so, and ends.
  void close();

 private:
  friend class EventStream;
  using Streams = std::vector<EventStream*>;

  void has_more() override;
  void join(EventStream& stream);
  void leave(EventStream& stream);
  Streams& list_of(const EventStream& stream);
  void read_on();
  void offer(const registry::Event& event, Streams& touched);
  void cut_off_all();
  // Every stream there is now.
  [[nodiscard]] Streams all() const;

  EventLoop& loop_;
  const registry::ZoneDirectory& zones_;
  registry::Feed& feed_;
  registry::History& history_;
  api::Counters& counters_;
  Streams of_everything_;
  std::unordered_map<std::string, Streams> of_services_;  // by the service's name; none is empty
  std::size_t count_ = 0;
  registry::EventId position_ = 0;  // every event up to here has been offered
  bool is_closed_ = false;
  std::atomic<bool> is_posted_{false};  // whether the loop knows already that there is more
};

}  // namespace rollcall::net
