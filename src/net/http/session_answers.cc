#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>
#include <variant>

#include "api/event_text.h"
#include "api/problem.h"
#include "base/limits.h"
#include "net/http/response_head.h"
#include "net/http/session.h"

namespace rollcall::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t k_linger_bytes = 4 * 1024;  // read at a time, and forgotten

}  // namespace

std::uint64_t HttpSession::take_place(Framing framing) {
  line_.push_back({.bytes = std::nullopt, .framing = framing, .waiting = nullptr});
  return first_place_ + line_.size() - 1;
}

void HttpSession::take(api::Routed routed, Framing framing) {
  if (api::Submission* submission = std::get_if<api::Submission>(&routed))
    return submit(std::move(*submission), framing);
  if (api::Asking* asking = std::get_if<api::Asking>(&routed)) return ask(std::move(*asking), framing);
  if (api::Response* response = std::get_if<api::Response>(&routed)) return answer_next(*response, framing);
  const std::uint64_t place = take_place(framing);
  if (api::Wait* waited = std::get_if<api::Wait>(&routed)) return wait(place, std::move(*waited));
  // HEAD of a watch: the head alone.
  std::string& head = at(place).bytes.emplace();
  write_stream_head(head, api::k_event_stream_type, framing.keep_alive, framing.version);
}

void HttpSession::submit(api::Submission submission, Framing framing) {
  const std::uint64_t place = take_place(framing);
  // The promise of an answer travels to the writer and back; the session lives at least as long.
  auto reply = [self = shared_from_this(), describe = std::move(submission.describe),
                place](registry::Outcome outcome) mutable {
    EventLoop& loop = self->connection_.loop;
    loop.post([self = std::move(self), describe = std::move(describe), place, outcome = std::move(outcome)]() mutable {
      --self->changes_ahead_;
      if (!self->is_waiting(place)) return;  // it was told so already
      std::variant<api::Response, api::Wait> described = describe(outcome, self->backend_.clock.now());
      if (api::Wait* waited = std::get_if<api::Wait>(&described)) {
        self->wait(place, std::move(*waited));
        self->await_next_request();
      } else {
        self->answer(place, std::get<api::Response>(described));
      }
      self->flush_soon();
    });
  };
  ++changes_ahead_;
  expires_after(backend_.commit_max);
  if (backend_.writer.submit(std::move(submission.change), std::move(reply))) return;
  --changes_ahead_;
  refuse_for_now(place, "too many changes are waiting: try again in a second");
}

void HttpSession::ask(api::Asking asking, Framing framing) {
  const std::uint64_t place = take_place(framing);
  auto reply = [self = shared_from_this(), describe = std::move(asking.answer),
                place](Result<registry::HistoryPage> page) mutable {
    EventLoop& loop = self->connection_.loop;
    loop.post([self = std::move(self), describe = std::move(describe), place, page = std::move(page)]() mutable {
      self->answer(place, describe(page));
      self->flush();
      self->progress_.cancel();
    });
  };
  if (backend_.history.read(std::move(asking.query), std::move(reply))) return;
  refuse_for_now(place, "too many read the history: try again in a second");
}

void HttpSession::refuse_for_now(std::uint64_t place, std::string sentence) {
  const api::Response response = api::problem({Errc::overloaded, std::move(sentence)});
  api::count_errors(response, backend_.counters);
  answer(place, response);
}

// The session owns the wait, and ends it with itself.
void HttpSession::wait(std::uint64_t place, api::Wait wait) {
  auto waiting =
      std::make_shared<Waiting>(connection_.loop, backend_.waits, std::move(wait), [this, place] { end_wait(place); });
  switch (waiting->begin()) {
    case Waiting::Begun::waits:
      ++waits_;
      at(place).waiting = std::move(waiting);
      return;
    case Waiting::Begun::is_over: return answer(place, waiting->answer(backend_.clock.now()));
    case Waiting::Begun::full: return refuse_for_now(place, "too many calls wait already: try again in a second");
  }
}

void HttpSession::end_wait(std::uint64_t place) {
  const auto self = shared_from_this();
  const std::shared_ptr<Waiting> waiting = std::exchange(at(place).waiting, nullptr);
  --waits_;
  answer(place, waiting->answer(backend_.clock.now()));
  flush();
  if (closing_ && waits_ == 0) stop_reading();
  progress_.cancel();
}

void HttpSession::end_waits() {
  const std::uint64_t end = first_place_ + line_.size();
  for (std::uint64_t place = first_place_; place < end; ++place) {
    if (place >= first_place_ && at(place).waiting) end_wait(place);
  }
}

void HttpSession::answer(std::uint64_t place, const api::Response& response) {
  Place& mine = at(place);
  mine.bytes.emplace();
  write_head(*mine.bytes, response, mine.framing.keep_alive, mine.framing.version);
  if (!mine.framing.is_head) *mine.bytes += response.body;
}

// The request's place would be the last of the line; where that is empty, the answer needs none.
void HttpSession::answer_next(const api::Response& response, Framing framing) {
  if (!line_.empty()) return answer(take_place(framing), response);
  write_head(ready_, response, framing.keep_alive, framing.version);
  if (!framing.is_head) ready_ += response.body;
}

bool HttpSession::is_waiting(std::uint64_t place) const {
  return place >= first_place_ && !line_[static_cast<std::size_t>(place - first_place_)].bytes;
}

// Whoever waits for a commit for too long hears so, and the connection ends: what comes behind would have to wait as well.
// False: nobody does.
bool HttpSession::give_up_on_changes() {
  bool is_any_waiting = false;
  for (std::uint64_t place = first_place_; place < first_place_ + line_.size(); ++place) {
    if (!is_waiting(place) || at(place).waiting) continue;
    is_any_waiting = true;
    at(place).framing.keep_alive = false;
    const api::Response response = api::problem(
        503, "outcome_unknown",
        "the change has waited too long for the disk, and may still be made: ask for the instance, or send it again");
    api::count_errors(response, backend_.counters);
    answer(place, response);
  }
  if (!is_any_waiting || !writing_.empty()) return false;  // or the peer does not take what is there already
  closing_ = true;
  in_request_ = false;
  end_waits();
  flush();
  if (writing_.empty()) expires_after(limits::k_http_linger);
  connection_.socket.cancel();
  progress_.cancel();
  return true;
}

// --- A stream ---

void HttpSession::watch(api::Watch watch, Framing framing) {
  is_stream_ = true;
  stream_version_ = framing.version;
  watch_ = std::move(watch);
  std::string& head = at(take_place(framing)).bytes.emplace();
  write_stream_head(head, api::k_event_stream_type, framing.keep_alive, framing.version);
}

void HttpSession::begin_stream() {
  boost::system::error_code ignored;
  connection_.socket.socket().set_option(asio::socket_base::send_buffer_size(limits::k_watch_send_buffer_bytes),
                                         ignored);
  api::Watch wanted = std::move(*watch_);
  watch_.reset();
  StreamSink& sink = *this;
  watcher_ = std::make_shared<Watcher>(backend_.hub, sink, std::move(wanted));
  watcher_->begin();
}

void HttpSession::write_stream(std::string_view text) {
  write_chunk(ready_, text, stream_version_);
  flush();
}

void HttpSession::end_stream() {
  if (stream_version_ >= 11) write_chunk(ready_, {}, stream_version_);
  closing_ = true;
  is_stream_ = false;
  flush();
  stop_reading();
}

// The read that waits for the peer's end comes to one; what is being written goes on.
void HttpSession::stop_reading() {
  boost::system::error_code ignored;
  connection_.socket.socket().shutdown(asio::socket_base::shutdown_receive, ignored);
}

// --- The line ---

// Everything ready at the head of the line, in one write. The socket is tried first: it nearly always takes it all.
void HttpSession::flush() {
  while (!line_.empty() && line_.front().bytes) {
    ready_ += *line_.front().bytes;
    line_.pop_front();
    ++first_place_;
  }
  if (line_.empty() && watch_) begin_stream();
  if (!writing_.empty() || ready_.empty()) return;
  boost::system::error_code error;
  const std::size_t sent = connection_.socket.write_some(asio::buffer(ready_), error);
  if (error && error != asio::error::would_block) {
    connection_.socket.close();
    return;
  }
  ready_.erase(0, error ? 0 : sent);
  if (ready_.empty()) {
    await_next_request();
    return;
  }
  std::swap(ready_, writing_);
  expires_after(is_stream_ ? limits::k_watch_write : limits::k_write);
  asio::async_write(connection_.socket, asio::buffer(writing_),
                    [self = shared_from_this()](const boost::system::error_code& failed, std::size_t) {
                      self->writing_.clear();
                      if (failed) {
                        self->connection_.socket.close();
                      } else {
                        self->on_written();
                      }
                      self->progress_.cancel();
                    });
}

// A commit answers many requests of one connection: they leave in one write.
void HttpSession::flush_soon() {
  if (std::exchange(is_to_be_flushed_, true)) return;
  connection_.loop.post([self = shared_from_this()] {
    self->is_to_be_flushed_ = false;
    self->flush();
    self->progress_.cancel();
  });
}

void HttpSession::on_written() {
  if (in_request_) {
    expires_after(limits::k_http_request);
  } else {
    await_next_request();
  }
  flush();
  if (watcher_ && !is_busy()) watcher_->go_on();
}

void HttpSession::await_next_request() {
  if (in_request_) return;
  if (!is_quiet()) {
    if (line_.empty()) expires_after(limits::k_http_idle);
    return;
  }
  if (is_busy()) return;
  cancel_deadline();
  // Nothing is being written: what the last answers took is given back.
  ready_ = {};
  writing_ = {};
  if (!waits_for_changes_) parser_.reset();
}

// After the last answer: a client still sending would lose the answer to a reset, so it is read for a moment
// (RFC 9112 §9.6).
asio::awaitable<void> HttpSession::linger() {
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  while (connection_.socket.is_open() && (!line_.empty() || !writing_.empty() || !ready_.empty())) {
    flush();
    if (line_.empty() && writing_.empty() && ready_.empty()) break;
    co_await progress_.async_wait(done);
  }
  if (!connection_.socket.is_open()) co_return;
  expires_after(limits::k_http_linger);
  co_await connection_.socket.shut_down();
  error.clear();
  while (connection_.socket.is_open() && !error) {
    in_.clear();
    co_await connection_.socket.socket().async_read_some(in_.prepare(k_linger_bytes),
                                                         done);  // no one reads it: octets do
  }
}

}  // namespace rollcall::net
