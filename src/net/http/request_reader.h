// Reads the requests of one HTTP connection, and hands each over when it is complete.
//
//   read() → octets in the buffer → next() → a whole request, or the refusal of one, or more must be read
//
// Shape    one buffer and one request at a time. A request that is in the buffer as a whole, and has the usual form, is
//          used from there without a parser (fast_request.h); every other one goes through Beast's parser.
// Owner    a session. Borrows the stream, the caller and the backend.
// Threads  its loop's.
// Deadlines k_http_request for a head, and for each step of a body; Owner::on_reading_late says when one has passed. The
//          deadline between requests is set by the session.
// Memory   an idle connection, or one that sends one small request after the other, keeps a small buffer; one whose answer
//          may be long in coming (Pace::quiet) keeps none.
// Limits   k_http_header_bytes_max with the request line; api::Router::body_bytes_max; k_http_chunk_header_bytes_max.
// Failure  a request that cannot be accepted comes out of `next` as its answer: the connection ends with it, because where
//          the next request begins is not known.
// Source   RFC 9112; RFC 9110 §10.1.1 (100 Continue).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/router.h"
#include "net/http/backend.h"
#include "net/http/header_fields.h"
#include "net/http/response_head.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/stream.h"

namespace rollcall::net {

class RequestReader {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // False: the next request is not looked at yet, because answers are held for this client. It is not late then.
    [[nodiscard]] virtual bool may_read() const = 0;
    virtual void on_reading_late() = 0;
    // Another k_http_body_step_bytes of a body have come: `body_bytes` has grown.
    virtual void on_body_step() = 0;
  };

  // Borrows from the reader until `accept`.
  struct WholeRequest {
    api::Request request;
    Framing framing;
    std::size_t bytes = 0;  // of the buffer; 0: it is in the parser
  };
  struct NeedsMore {};
  // A refusal: the last answer of its connection, counted already.
  using Next = std::variant<NeedsMore, WholeRequest, api::Response>;

  // How a read waits.
  enum class Pace : std::uint8_t {
    only_reading,  // every request has its answer: nothing but octets or the deadline ends the read
    answering,     // an answer is pending, and `wake` ends the read
    quiet,         // as `answering`, and it may take long: no buffer is kept meanwhile
  };

  RequestReader(EventLoop& loop, Stream& stream, api::Caller& caller, HttpBackend& backend, Owner& owner);

  // --- Octets ---

  boost::asio::awaitable<boost::system::error_code> read(Pace pace);
  // Ends a read that waits, unless its pace is `only_reading`: it fails with operation_aborted.
  void wake();
  // What has been read is no request.
  void discard();
  // Reads, and discards, until the peer closes.
  boost::asio::awaitable<void> drain();
  // Octets that another process has read.
  void begin_with(std::string_view octets);
  // Whether another reader can go on where this one is. Not in a chunked body: the parser does not tell where in a chunk.
  [[nodiscard]] bool is_passable() const;
  // What was read and is not routed, for that reader: the octets as they came, or a head with the same fields.
  [[nodiscard]] std::string unread() const;
  // The peer has closed its side.
  void end_input() { is_input_over_ = true; }
  [[nodiscard]] bool is_input_over() const { return is_input_over_; }

  // --- Requests ---

  [[nodiscard]] Next next();
  // The request has been routed.
  void accept();
  // The request waits, in the parser, until `next` is called again: it must not overtake those ahead of it.
  void hold();
  // Gives up the request that is being read.
  void abandon();

  // Whether `next` may find a request without more octets.
  [[nodiscard]] bool has_more() const { return state_ == State::whole || in_.size() > searched_; }
  // A whole request is waiting in the parser.
  [[nodiscard]] bool is_holding() const { return state_ == State::whole; }
  // `next` has refused octets that begin as TLS does.
  [[nodiscard]] bool has_heard_tls() const { return heard_tls_; }
  [[nodiscard]] bool is_in_request() const { return state_ != State::idle && state_ != State::whole; }
  // True, once, when the client waits for 100 Continue before it sends its body.
  [[nodiscard]] bool take_continue();

  // --- Deadline and memory ---

  void expires_after(std::chrono::milliseconds duration) { late_.expires_after(duration); }
  void cancel_deadline() { late_.cancel_deadline(); }
  [[nodiscard]] std::size_t buffered() const { return in_.size(); }
  // Octets of the body in the parser.
  [[nodiscard]] std::size_t body_bytes() const;
  // Whether nothing is buffered, and the last read found no more than one small request.
  [[nodiscard]] bool is_small() const;
  // No request is expected soon.
  void release_memory();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  // The request in the parser.
  enum class State : std::uint8_t {
    idle,             // there is none
    head,             // its head is being read
    body,             // its head is complete; whether its body may come is not decided yet
    admitted,         // its body is being read
    awaits_continue,  // as `admitted`, and the client sends none of it before 100 Continue
    whole,            // complete
  };

  [[nodiscard]] std::optional<WholeRequest> find_fast();
  [[nodiscard]] api::Request head_of_request() const;
  [[nodiscard]] WholeRequest parsed_request() const;
  void begin();
  [[nodiscard]] std::optional<api::Response> parse();
  [[nodiscard]] std::optional<api::Response> refuse_sizes(bool waits_for_more);
  [[nodiscard]] bool has_line_end() const;
  [[nodiscard]] std::optional<api::Response> begin_body();
  [[nodiscard]] std::optional<api::Response> refuse_body();
  void note_progress_of_body();
  [[nodiscard]] api::Response refusal(api::Fault fault, std::string detail);
  void on_late();

  Stream& stream_;
  api::Caller& caller_;
  HttpBackend& backend_;
  Owner& owner_;
  DeadlineOf<RequestReader, &RequestReader::on_late> late_;
  boost::asio::cancellation_signal wake_;
  boost::beast::flat_buffer in_;
  std::optional<Parser> parser_;
  State state_ = State::idle;
  bool is_input_over_ = false;
  bool heard_tls_ = false;
  std::size_t read_bytes_;          // of one read; adapted to what the last one found
  std::size_t searched_ = 0;        // octets at the begin of the buffer that are known to be no whole request
  std::size_t fast_bytes_ = 0;      // octets of the buffer that `next` has handed over without the parser
  std::size_t head_bytes_ = 0;      // of the request in the parser, as far as they have been parsed
  std::size_t body_bytes_at_ = 0;   // of its body, when the deadline was set
  std::string_view authorization_;  // in the parser; a field in the trailers of the body is ignored
  bool is_from_page_ = false;       // likewise; RFC 6454 §7
  std::optional<boost::beast::http::fields> fields_before_body_;  // of a chunked request: trailers join the parser's
  ParsedFields parsed_fields_;
  FieldLines fast_fields_;
};

}  // namespace rollcall::net
