// One HTTP connection: requests parsed in place, answered in the order they came, pipelined as deep as the limits allow.
//
//   read → parse → Api::route → an answer at once, or a change for the writer → answers in order → one write for all
//
// A request that is there as a whole, and looks as nearly all do, is taken from the buffer as it stands
// (usual_request.h); every other one goes through Beast's parser.
//
// A heartbeat is answered within the read that brought it. A registration keeps its place in the line until the writer
// replies. Changes behind it go to the writer too, so that a pipelined load shares its commits; anything else waits,
// because a request must see what the one before it did (RFC 9112 §9.3.2). A call that waits for a change keeps its
// place too. A watch (`/v1/watch`) is the last request of its connection: its answer ends when the client goes.
//
// Owner    shared: by the read, the write and the replies it waits for.
// Threads  its loop's; the replies of the writer and of the history come back through EventLoop::post.
// Deadlines  a request from its first octet to its last; a change for its commit, then 503; idle between requests; a
//          peer that does not read. A wait has its own, and a watch none. The peer's end is the end of both.
// Memory   a connection that only waits keeps no buffers; one that is idle, or sends one small request after the other,
//          a small one.
// Limits   k_http_header_bytes_max with the request line; k_http_pipeline_max unanswered requests,
//          k_http_backlog_bytes_max of unread answers: then it is not read on.
// Source   RFC 9112.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/api.h"
#include "net/http/usual_request.h"
#include "net/http/waiting.h"
#include "net/http/watch_hub.h"
#include "net/http/watcher.h"
#include "net/http/watching.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/tcp_listener.h"
#include "registry/lease.h"
#include "registry/writer.h"

namespace rollcall::net {

// What all HTTP sessions of one loop share.
struct HttpBackend {
  HttpBackend(EventLoop& loop, const api::Api& the_api, registry::Writer& the_writer,
              const registry::TimeSource& the_clock, const Watching& watching, std::chrono::milliseconds longest_commit)
      : api(the_api),
        writer(the_writer),
        clock(the_clock),
        history(watching.history),
        commit_max(longest_commit),
        waits(the_api, watching.waiters, the_clock, counters),
        hub(loop, the_api.zones(), watching.feed, watching.history, counters) {}

  const api::Api& api;
  registry::Writer& writer;
  const registry::TimeSource& clock;
  registry::History& history;
  std::chrono::milliseconds commit_max;  // how long a change may take to be durable
  api::Counters counters{};
  WaitRoom waits;
  WatchHub hub;
};

class HttpSession final : private Deadline, private StreamSink, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(Connection connection, HttpBackend& backend);

  boost::asio::awaitable<void> run();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  // How the answer is framed, known from the request.
  struct Framing {
    bool keep_alive = true;
    bool is_head = false;
    unsigned version = 11;
  };
  // An answer's place in the line.
  struct Place {
    std::optional<std::string> bytes;  // empty: waits for the writer, for the history, or as `waiting`
    Framing framing = {};
    std::shared_ptr<Waiting> waiting = {};
  };

  void on_deadline() override;

  // http_session.cc: from octets to requests.
  [[nodiscard]] bool may_read_on() const;
  [[nodiscard]] api::Ahead ahead() const { return changes_ahead_ > 0 ? api::Ahead::changes : api::Ahead::nothing; }
  [[nodiscard]] bool is_quiet() const { return waits_ > 0 || is_stream_; }
  boost::asio::awaitable<bool> read_more();
  boost::asio::awaitable<void> end_of_input();
  bool parse_requests();
  bool parse_one();
  bool check_sizes(bool waits_for_more);
  [[nodiscard]] bool has_line_end() const;
  bool begin_body();
  std::optional<bool> take_usual_request();
  bool route_request();
  bool take_routed(api::Routed routed, Framing framing);
  void refuse(unsigned status, std::string_view code, std::string detail);

  // http_session_answers.cc: from what was routed to octets.
  std::uint64_t take_place(Framing framing);
  void answer_next(const api::Response& response, Framing framing);
  [[nodiscard]] Place& at(std::uint64_t place) { return line_[static_cast<std::size_t>(place - first_place_)]; }
  void take(api::Routed routed, Framing framing);
  void submit(api::Submission submission, Framing framing);
  void ask(api::Asking asking, Framing framing);
  void refuse_for_now(std::uint64_t place, std::string sentence);
  void wait(std::uint64_t place, api::Wait wait);
  void end_wait(std::uint64_t place);
  void end_waits();
  void answer(std::uint64_t place, const api::Response& response);
  void watch(api::Watch watch, Framing framing);
  void begin_stream();
  void write_stream(std::string_view text) override;
  [[nodiscard]] bool is_busy() const override { return !writing_.empty() || !ready_.empty(); }
  void end_stream() override;
  void stop_reading();
  [[nodiscard]] bool is_waiting(std::uint64_t place) const;
  bool give_up_on_changes();

  void flush();
  void flush_soon();
  void on_written();
  void await_next_request();
  boost::asio::awaitable<void> linger();

  Connection connection_;
  HttpBackend& backend_;
  api::Caller caller_;
  boost::asio::steady_timer progress_;  // cancelled when a line that was full has moved
  boost::beast::flat_buffer in_;
  std::optional<Parser> parser_;
  std::size_t head_bytes_ = 0;      // of the request in the parser, as far as they have been parsed
  std::string_view authorization_;  // in the parser; fields that come behind the body are none of ours
  bool is_from_page_ = false;       // likewise; RFC 6454 §7
  bool reads_much_ = false;         // the last read has found more than one small request
  bool in_request_ = false;         // some octets of a request have come
  bool waits_for_changes_ = false;  // a whole request is in the parser, behind changes it must not overtake
  std::size_t changes_ahead_ = 0;   // for the writer, not answered yet
  std::size_t waits_ = 0;           // places that wait for a change or for time
  bool is_stream_ = false;          // the last request was a watch
  bool is_to_be_flushed_ = false;   // once the loop has run what is posted already
  bool closing_ = false;            // the last answer has its place; nothing more is read as a request

  std::deque<Place> line_;
  std::uint64_t first_place_ = 0;  // the number of the place at the head of the line
  std::string ready_;              // answers that left the line and wait for the socket
  std::string writing_;            // what the socket is taking

  std::optional<api::Watch> watch_;  // until every answer ahead of it has left the line
  unsigned stream_version_ = 11;
  std::shared_ptr<Watcher> watcher_;
};

}  // namespace rollcall::net
