// One HTTP connection: requests parsed in place, answered in the order they came, pipelined as deep as the limits allow.
//
//   read → parse → Api::route → an answer at once, or a change for the writer → answers in order → one write for all
//
// A heartbeat is answered within the read that brought it. A registration keeps its place in the line until the writer
// replies. Changes behind it go to the writer too, so that a pipelined load shares its commits; anything else waits,
// because a request must see what the one before it did (RFC 9112 §9.3.2).
//
// Owner    shared: by the read, the write and the replies it waits for.
// Threads  its loop's; the writer's reply comes back through EventLoop::post.
// Deadlines  a request from its first octet to its last; a change for its commit, then 503; idle between requests; a
//          peer that does not read.
// Limits   k_http_header_bytes_max with the request line; k_http_pipeline_max unanswered requests, k_http_backlog_bytes_max of unread answers: then it is not read on.
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
#include "net/event_loop.h"
#include "net/tcp_listener.h"
#include "registry/lease.h"
#include "registry/writer.h"

namespace rollcall::net {

// What all HTTP sessions of one loop share.
struct HttpBackend {
  const api::Api& api;
  registry::Writer& writer;
  const registry::TimeSource& clock;
  std::chrono::milliseconds commit_max;  // how long a change may take to be durable
  api::Counters counters{};
};

class HttpSession final : private Deadline, public std::enable_shared_from_this<HttpSession> {
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
    std::optional<std::string> bytes;  // empty: waits for the writer
    Framing framing;
  };

  void on_deadline() override;

  [[nodiscard]] bool may_read_on() const;
  boost::asio::awaitable<bool> read_more();
  bool parse_requests();
  bool parse_one();
  bool check_sizes(bool waits_for_more);
  bool begin_body();
  bool route_request();
  void refuse(unsigned status, std::string_view code, std::string detail);
  void submit(api::Submission submission, Framing framing);
  [[nodiscard]] std::uint64_t take_place(Framing framing);
  [[nodiscard]] bool is_waiting(std::uint64_t place) const;
  void answer(std::uint64_t place, const api::Response& response);
  bool give_up_on_changes();

  void flush();
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
  bool in_request_ = false;         // some octets of a request have come
  bool waits_for_changes_ = false;  // a whole request is in the parser, behind changes it must not overtake
  std::size_t changes_ahead_ = 0;   // for the writer, not answered yet
  bool closing_ = false;            // the last answer has its place; nothing more is read as a request

  std::deque<Place> line_;
  std::uint64_t first_place_ = 0;  // the number of the place at the head of the line
  std::string ready_;              // answers that left the line and wait for the socket
  std::string writing_;            // what the socket is taking
};

}  // namespace rollcall::net
