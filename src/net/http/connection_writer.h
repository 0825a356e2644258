// Sends the answers of one HTTP connection: the socket is tried at once, and what it does not take is written in the
// background.
//
//   outbox() ← answers as text;  send() → the socket takes all, or a background write begins and Owner::on_written follows
//
// Shape    at most one background write; octets appended meanwhile wait in the outbox.
// Owner    a session, which is the Writer's Owner and lives while a background write does (`share_writer`).
// Threads  its loop's.
// Deadline the client must acknowledge k_write_progress_bytes_min within the time given, else Owner::on_write_late.
// Failure  `send` returns `failed`, and a background write passes its error on: the owner closes the connection.
#pragma once

#include <boost/asio/error.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "net/sockets/event_loop.h"
#include "net/sockets/outbox.h"
#include "net/sockets/stream.h"

namespace rollcall::net {

class ConnectionWriter {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Keeps the writer, and with it the session, alive.
    [[nodiscard]] virtual std::shared_ptr<ConnectionWriter> share_writer() = 0;
    // The background write has ended; `failed`: the client is gone.
    virtual void on_written(const boost::system::error_code& failed) = 0;
    // The client has read next to nothing in time.
    virtual void on_write_late() = 0;
  };

  enum class Sent : std::uint8_t {
    all,     // nothing is left to send
    part,    // the rest is being written in the background
    failed,  // the client is gone
  };

  ConnectionWriter(EventLoop& loop, Stream& stream, std::chrono::milliseconds write_max, Owner& owner)
      : stream_(stream), owner_(owner), write_max_(write_max), write_late_(loop, *this) {}

  // Where answers are appended.
  [[nodiscard]] Outbox& outbox() { return outbox_; }
  // Only while no background write is under way.
  [[nodiscard]] Sent send();

  [[nodiscard]] bool is_writing() const { return !writing_.empty(); }
  // Whether something is still to be sent.
  [[nodiscard]] bool is_busy() const { return is_writing() || !outbox_.empty(); }
  // Memory held for what is not sent yet.
  [[nodiscard]] std::size_t bytes() const { return outbox_.bytes() + (is_writing() ? writing_.capacity() : 0); }

  // The connection has been closed: what is not sent is dropped.
  void close();

 private:
  void write_on();
  void on_some_written(const boost::system::error_code& failed, std::size_t octets);
  void set_deadline();
  void on_late();

  Stream& stream_;
  Owner& owner_;
  const std::chrono::milliseconds write_max_;
  DeadlineOf<ConnectionWriter, &ConnectionWriter::on_late> write_late_;
  Outbox outbox_;
  std::string writing_;  // what the background write sends; empty: there is none
  std::size_t written_ = 0;
  std::uint64_t acknowledged_ = 0;  // octets, when the deadline was set
};

}  // namespace rollcall::net
