#include "net/http/connection_writer.h"

#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::net {

namespace asio = boost::asio;

ConnectionWriter::Sent ConnectionWriter::send() {
  check(!is_writing(), "one write at a time");
  while (!outbox_.empty()) {
    boost::system::error_code error;
    const std::string_view front = outbox_.front();
    const std::size_t sent = stream_.write_some(asio::buffer(front.data(), front.size()), error);
    if (error == asio::error::would_block) break;
    if (error) return Sent::failed;
    outbox_.consume(sent);
  }
  if (outbox_.empty()) return Sent::all;
  writing_ = outbox_.take_front();
  written_ = 0;
  check(is_writing(), "the rest is being written");
  set_deadline();
  write_on();
  return Sent::part;
}

void ConnectionWriter::write_on() {
  stream_.async_write_some(asio::buffer(writing_.data() + written_, writing_.size() - written_),
                           [self = owner_.share_writer()](const boost::system::error_code& failed, std::size_t octets) {
                             self->on_some_written(failed, octets);
                           });
}

void ConnectionWriter::on_some_written(const boost::system::error_code& failed, std::size_t octets) {
  written_ += octets;
  check(written_ <= writing_.size(), "no more is written than there is");
  if (!failed && stream_.is_open() && written_ < writing_.size()) {
    set_deadline();
    return write_on();
  }
  writing_.clear();
  writing_.shrink_to_fit();  // assigning an empty string would keep the memory of a long answer
  write_late_.cancel_deadline();
  owner_.on_written(failed);
}

// The system accepts octets in large steps, far more than the client reads in one: progress is measured by what the
// client acknowledges.
void ConnectionWriter::set_deadline() {
  write_late_.expires_after(write_max_);
  acknowledged_ = stream_.acknowledged();
}

void ConnectionWriter::on_late() {
  const std::uint64_t read_by_client = stream_.acknowledged() - acknowledged_;
  if (read_by_client >= limits::k_write_progress_bytes_min) return set_deadline();
  owner_.on_write_late();
}

// `writing_` stays until its handler has run: the operation under way still points to it.
void ConnectionWriter::close() {
  outbox_.clear();
  write_late_.cancel_deadline();
}

}  // namespace rollcall::net
