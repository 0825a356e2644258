// One who watches the roll: a stream of server-sent events.
//
// Shape    at any time either up to date with the hub, which then hands it each event, or behind: then it reads on by
//          itself, from the stored history as far as that is needed, then from the Feed, as fast as its client takes it.
//          Nothing piles up for a slow client but one portion of text.
// End      a client that falls behind the Feed is cut off, and told how to resume.
// Owner    its session; the hub outlives it.
// Threads  the loop's.
// Limits   k_watch_chunk_bytes of text, and the last event of it, at a time.
// Source   interface.md §4 (`/v1/watch`).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/router.h"
#include "net/http/watch_hub.h"
#include "net/sockets/event_loop.h"

namespace rollcall::net {

// Where a watcher's text goes: a session.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // Text for the client, on its way when this returns.
  virtual void write_stream(std::string_view text) = 0;
  // Whether the client has still to take what was written before. When it has, Watcher::go_on is called.
  [[nodiscard]] virtual bool is_busy() const = 0;
  // Nothing more comes.
  virtual void end_stream() = 0;
};

class Watcher final : private Deadline, public std::enable_shared_from_this<Watcher> {
 public:
  // The sink outlives it.
  Watcher(WatchHub& hub, StreamSink& sink, api::Watch watch);
  ~Watcher() override;

  // The first words, and everything there is to tell by now.
  void begin();
  // The client has taken everything.
  void go_on();

 private:
  friend class WatchHub;
  void on_deadline() override;

  // The hub's: an event the filter takes, and its text, made when it is first needed. False: nothing has been added.
  bool offer(const registry::Event& event, std::string& text);
  void send_pending();
  void cut_off(std::string_view why);
  void end(std::string_view why);

  void catch_up();
  bool add_from_feed();
  void ask_history();
  void add_page(Result<registry::HistoryPage> page);
  void add_gap(registry::EventId from, registry::EventId to);
  void add(const registry::Event& event, std::string_view text);

  WatchHub& hub_;
  StreamSink& sink_;
  const registry::EventFilter what_;
  const bool is_resuming_;     // it named the last event it knows
  registry::EventId next_;     // every event before this one has been told, or is not for it
  bool is_behind_ = false;     // `next_` is not for the hub to offer
  bool is_replaying_ = false;  // has not been up to date yet: what the Feed has forgotten is in the stored history
  bool is_asking_ = false;     // the history
  bool is_over_ = false;
  std::string pending_;  // text that is not written yet
};

}  // namespace rollcall::net
