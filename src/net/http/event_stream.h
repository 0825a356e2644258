// The answer to `/v1/watch`: server-sent events for one client, until the client goes or the server stops.
//
// Shape    either up to date with the hub, which then offers it each event, or behind: then it reads on by itself, first
//          from the stored history as far as that is needed, then from the Feed, as fast as its client reads. Nothing
//          accumulates for a slow client but one portion of text.
// End      a client that falls behind what the Feed keeps is cut off, and told how to resume.
// Owner    its session, which is the Output; the hub outlives it.
// Threads  the loop's.
// Limits   k_watch_chunk_bytes of text, and the event that exceeds it, at a time.
// Source   interface.md §4 (`/v1/watch`); chunks: RFC 9112 §7.1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/router.h"
#include "net/http/event_hub.h"
#include "net/sockets/event_loop.h"

namespace rollcall::net {

class EventStream final : private Deadline, public std::enable_shared_from_this<EventStream> {
 public:
  // The connection of the client.
  class Output {
   public:
    virtual ~Output() = default;
    // Where text is appended, and the call that sends it.
    [[nodiscard]] virtual std::string& stream_tail() = 0;
    virtual void send_stream() = 0;
    // Whether the client has not read yet what was sent before. When it has, `go_on` is called.
    [[nodiscard]] virtual bool is_busy() const = 0;
    // The last octets have been appended: they are to be sent, and nothing else comes.
    virtual void end_stream() = 0;
  };

  // `version` of HTTP: 11 sends chunks, 10 the bare text. The output outlives the stream.
  EventStream(EventHub& hub, Output& output, api::Watch watch, unsigned version);
  ~EventStream() override;

  // The first text, and every event there is to tell by now.
  void begin();
  // The client has read everything.
  void go_on();

 private:
  enum class State : std::uint8_t {
    up_to_date,      // the hub offers what happens next
    behind,          // reads the Feed; what the Feed has dropped is lost
    replaying,       // has not been up to date yet: what the Feed has dropped is in the stored history
    awaits_history,  // as `replaying`, while a page of the history is being read
    over,
  };

  friend class EventHub;
  void on_deadline() override;

  // The hub's: an event the filter takes, and its text, made when it is first needed. False: nothing has been added.
  bool offer(const registry::Event& event, std::string& text);
  void send_pending();
  void cut_off(std::string_view why);
  void end(std::string_view why);

  [[nodiscard]] registry::EventNumbers numbers() const;
  [[nodiscard]] bool is_catching_up() const { return state_ == State::behind || state_ == State::replaying; }
  void catch_up();
  bool add_from_feed();
  void ask_history();
  void add_page(Result<registry::HistoryPage> page);
  void add_gap(registry::EventId from, registry::EventId to);
  void add(const registry::Event& event, std::string_view text);
  void write(std::string_view text);
  void write_pending();

  EventHub& hub_;
  Output& output_;
  const registry::EventFilter what_;
  const unsigned version_;
  const bool is_resuming_;  // the client named the last event it knows
  State state_ = State::up_to_date;
  registry::EventId next_;  // every event before this one has been told, or the filter does not take it
  std::string pending_;     // text that is not written yet
};

}  // namespace rollcall::net
