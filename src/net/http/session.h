// One HTTP connection: requests parsed in place, answered in the order they came, pipelined as deep as the limits allow.
//
//   read → parse → Router::route → an answer at once, or a place in the queue → answers in order → one write for all
//
// A request that is there as a whole, and looks as nearly all do, is taken from the buffer as it stands
// (fast_request.h); every other one goes through Beast's parser.
//
// A heartbeat is answered within the read that brought it. A registration keeps its place in the queue until the writer
// replies. Changes behind it go to the writer too, so that a pipelined load shares its commits; anything else waits,
// because a request must see what the one before it did. Behind a call that reads and is not answered yet (a page of the
// history, a call that waits for a change) everything waits in the buffer: no answer is made before it can be sent (RFC
// 9112 §9.3.2). A watch (`/v1/watch`) is the last request of its connection: its answer ends when the client goes.
//
// Owner    shared: by the read, the write and the replies it waits for.
// Threads  its loop's; the replies of the writer and of the history come back through EventLoop::post.
// Deadlines  each for one thing: a request's head, and each step of its body, or the next request; a change for its
//          commit and a page of the history, then 503; a peer for taking what is written. A wait has its own, a watch none.
// Memory   what it owes its client counts against k_http_owed_bytes_max, and with all others against
//          k_http_owed_total_bytes_max (owed_bytes.h). A connection that only waits keeps no buffers; one that is idle, or
//          sends one small request after the other, a small one.
// Limits   k_http_header_bytes_max with the request line; k_http_pipeline_max unanswered requests; beyond what it may owe
//          its next request is not looked at, and it is not read on.
// Source   RFC 9112.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/router.h"
#include "net/http/answer_queue.h"
#include "net/http/backend.h"
#include "net/http/fast_request.h"
#include "net/http/owed_bytes.h"
#include "net/http/watcher.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/outbox.h"
#include "net/sockets/tcp_listener.h"

namespace rollcall::net {

class HttpSession final : private StreamSink, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(Connection connection, HttpBackend& backend);

  boost::asio::awaitable<void> run();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Ticket = AnswerQueue::Ticket;
  using Awaits = AnswerQueue::Awaits;

  // session.cc: the connection, and what it reads.
  [[nodiscard]] bool is_open() const { return connection_.socket.is_open(); }
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] bool is_quiet() const { return is_stream_ || queue_.is_waiting(); }
  [[nodiscard]] bool may_route() const;
  [[nodiscard]] bool may_read() const;
  boost::asio::awaitable<bool> agree();
  boost::asio::awaitable<void> wait_for_progress();
  boost::asio::awaitable<void> read_more();
  boost::asio::awaitable<boost::system::error_code> read_some();
  boost::asio::awaitable<void> leave();
  void end_input();
  void wake_reader();
  void wake_reader_for_more();
  void close();
  void on_reading_late();

  // session_requests.cc: from octets to requests.
  [[nodiscard]] bool take_requests();
  bool take_request();
  void begin_request();
  bool parse_one();
  bool check_sizes(bool waits_for_more);
  [[nodiscard]] bool has_line_end() const;
  bool begin_body();
  bool may_take_body();
  void note_progress_of_body();
  [[nodiscard]] api::Request head_of_request();
  std::optional<bool> take_fast_request();
  bool route_request();
  [[nodiscard]] api::Routed route(const api::Request& request);
  bool take_routed(api::Routed routed, Framing framing, std::size_t body_bytes);
  void refuse(unsigned status, std::string_view code, std::string detail);
  void refuse(api::Response response);

  // session_answers.cc: from what was routed to an answer.
  void answer_next(api::Response response, Framing framing);
  void submit(api::Submission submission, Framing framing, std::size_t body_bytes);
  void ask(api::HistoryRequest request, Framing framing);
  void make_list(Ticket ticket, ListMaker::Make make);
  void finish_wait(Ticket ticket, Waiting& waiting);
  void refuse_for_now(Ticket ticket, std::string sentence);
  void begin_wait(Ticket ticket, api::Wait wait);
  void end_wait(Ticket ticket);
  void end_waits();
  void answer_later(Ticket ticket, std::variant<api::Response, api::Wait> answer);
  void set_answer_deadline();
  void on_answer_late();
  void watch(api::Watch watch, Framing framing);
  void write_stream(std::string_view text) override;
  [[nodiscard]] bool is_busy() const override { return is_writing_ || !outbox_.empty(); }
  void end_stream() override;

  // session_output.cc: from answers to octets.
  [[nodiscard]] std::size_t owed() const;
  void count_owed();
  void flush();
  void flush_soon();
  void write_now();
  void write_on();
  void on_written(const boost::system::error_code& failed, std::size_t octets);
  void await_next_request();
  void set_write_deadline();
  void on_write_late();

  Connection connection_;
  HttpBackend& backend_;
  api::Caller caller_;
  boost::asio::steady_timer progress_;            // cancelled when something has moved that the coroutine waits for
  boost::asio::cancellation_signal read_cancel_;  // likewise, while it reads
  DeadlineOf<HttpSession, &HttpSession::on_reading_late> reading_late_;
  DeadlineOf<HttpSession, &HttpSession::on_answer_late> answer_late_;
  DeadlineOf<HttpSession, &HttpSession::on_write_late> write_late_;

  boost::beast::flat_buffer in_;
  std::optional<Parser> parser_;
  std::size_t head_bytes_ = 0;       // of the request in the parser, as far as they have been parsed
  std::size_t body_bytes_seen_ = 0;  // of its body, when its deadline was set
  std::string_view authorization_;   // in the parser; fields that come behind the body are none of ours
  bool is_from_page_ = false;        // likewise; RFC 6454 §7
  bool may_send_body_ = false;       // the caller of the request in the parser has the right for it
  bool owes_continue_ = false;       // its client waits for 100 Continue
  bool in_request_ = false;          // some octets of a request have come
  bool is_put_off_ = false;          // a whole request is in the parser, behind changes it must not overtake
  bool reads_much_ = false;          // the last read has found more than one small request
  bool has_more_ = false;            // there may be a whole request in the buffer
  bool is_input_over_ = false;       // the peer has closed its side
  bool is_stream_ = false;           // the last request was a watch
  bool is_to_be_flushed_ = false;    // once the loop has run what is posted already
  bool closing_ = false;             // the last answer has its place; nothing more is read as a request
  bool is_writing_ = false;          // `writing_` is the socket's

  AnswerQueue queue_;
  Outbox outbox_;        // answers that left the queue and wait for the socket
  std::string writing_;  // what the socket is taking, if it did not take it at once
  std::size_t written_ = 0;
  std::uint64_t acknowledged_ = 0;  // octets, when the deadline of the write was set
  OwedBytes::Share share_;

  unsigned stream_version_ = 11;
  std::shared_ptr<Watcher> watcher_;
};

}  // namespace rollcall::net
