// One HTTP connection: requests are answered in the order they came, pipelined as deep as the limits allow.
//
//   RequestReader → Router::route → PendingAnswers → ConnectionWriter
//                              └ EventStream (`/v1/watch`) ┘
//
// Rules    a heartbeat is answered within the read that brought it. A registration keeps its slot in the queue until the
//          writer replies; changes behind it go to the writer too, so that pipelined changes share a commit. Anything else
//          waits, because a request must see the effect of those before it. Behind a call that reads and is not answered
//          yet (a page of the history, a call that waits for a change) everything waits in the buffer: no answer is made
//          before it can be sent (RFC 9112 §9.3.2). A watch is the last request of its connection.
// Owner    shared: the coroutine `run`, background writes, and the results it waits for.
// Threads  its loop's.
// Deadlines each for one thing: the TLS handshake, a request (request_reader.h), the next request, an answer
//          (pending_answers.h), the client's reading (connection_writer.h), the client's close after the last answer.
// Memory   what is held for the client counts against k_http_held_bytes_max, and with all others against
//          k_http_held_total_bytes_max (held_bytes.h). A connection that only waits keeps no buffers.
// Limits   k_http_pipeline_max unanswered requests; while more is held for the client than it may, its next request is not
//          looked at, and nothing is read.
// Failure  a broken connection is closed, and counted where a deadline broke it; nothing is reported to the caller.
// Source   RFC 9112.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "api/router.h"
#include "net/http/backend.h"
#include "net/http/connection_writer.h"
#include "net/http/event_stream.h"
#include "net/http/held_bytes.h"
#include "net/http/known_hosts.h"
#include "net/http/pending_answers.h"
#include "net/http/request_reader.h"
#include "net/sockets/tcp_listener.h"

namespace rollcall::net {

class HttpSession final : private RequestReader::Owner,
                          private PendingAnswers::Owner,
                          private ConnectionWriter::Owner,
                          private EventStream::Output,
                          public std::enable_shared_from_this<HttpSession> {
 public:
  // `hosts`: null where no name is checked. `is_at_loopback`: the listener's address is one of loopback.
  HttpSession(Connection connection, HttpBackend& backend, const KnownHosts* hosts = nullptr,
              bool is_at_loopback = false);

  ~HttpSession() override;

  boost::asio::awaitable<void> run();

  // --- A hand-over to another process; the loop's thread ---

  // Another process has read so much of it. Before `run`.
  void begin_with(std::string_view octets) { reader_.begin_with(octets); }
  // A request has begun that only this process can read to its end.
  [[nodiscard]] bool must_finish_request() const { return !reader_.is_passable(); }
  // HttpBackend::pause has changed.
  void look_again() { wake(); }
  // Every request that was routed is answered, the answers are sent, and another process can go on.
  [[nodiscard]] bool is_passable() const;
  // `run` ends once the connection is passable, and passes it on; one with TLS, whose state cannot be passed, is closed in
  // order.
  void hand_over();

 private:
  enum class Phase : std::uint8_t {
    serving,    // requests are read and answered
    streaming,  // the last request was a watch, and its events are being sent
    closing,    // the last answer is in the queue or on its way; nothing more is read as a request
  };

  // The connection.
  [[nodiscard]] bool is_open() const { return connection_.socket.is_open(); }
  [[nodiscard]] bool is_over() const;
  boost::asio::awaitable<bool> agree_on_tls();
  boost::asio::awaitable<void> refuse_plain_http();
  void tell_of_tls() const;
  boost::asio::awaitable<void> wait_for_progress();
  boost::asio::awaitable<void> read_more();
  boost::asio::awaitable<void> leave();
  void end_input();
  void pass_on();
  void close_late();
  void close();
  void wake();
  void wake_for_requests();

  // Requests.
  [[nodiscard]] bool may_route() const;
  void take_requests();
  bool take_request();
  [[nodiscard]] api::Routed route(const api::Request& request);
  void begin_stream(api::Watch watch, const Framing& framing);
  void add_last_answer(api::Response response);

  // Answers.
  [[nodiscard]] bool is_quiet() const { return phase_ == Phase::streaming || answers_.is_waiting(); }
  [[nodiscard]] std::size_t held() const { return answers_.bytes() + writer_.bytes(); }
  void count_held();
  void flush();
  void flush_soon();
  void await_next_request();

  // RequestReader::Owner
  [[nodiscard]] bool may_read() const override;
  void on_reading_late() override;
  void on_body_step() override { count_held(); }
  // PendingAnswers::Owner
  [[nodiscard]] std::shared_ptr<PendingAnswers> share_answers() override { return {shared_from_this(), &answers_}; }
  void on_answer() override { flush_soon(); }
  void on_held() override { count_held(); }
  void on_answer_late() override;
  // ConnectionWriter::Owner
  [[nodiscard]] std::shared_ptr<ConnectionWriter> share_writer() override { return {shared_from_this(), &writer_}; }
  void on_written(const boost::system::error_code& failed) override;
  void on_write_late() override;
  // EventStream::Output
  [[nodiscard]] std::string& stream_tail() override { return writer_.outbox().tail(); }
  void send_stream() override { flush(); }
  [[nodiscard]] bool is_busy() const override { return writer_.is_busy(); }
  void end_stream() override;

  Connection connection_;
  HttpBackend& backend_;
  api::Caller caller_;
  HostCheck host_check_;
  Phase phase_ = Phase::serving;
  bool is_flush_posted_ = false;
  bool is_handed_over_ = false;
  boost::asio::steady_timer progress_;  // cancelled when something has happened that `run` may wait for
  RequestReader reader_;
  ConnectionWriter writer_;
  PendingAnswers answers_;
  std::shared_ptr<EventStream> stream_;  // null: there was no watch, or its client has gone
  HeldBytes::Share share_;
};

}  // namespace rollcall::net
