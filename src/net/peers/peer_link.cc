#include "net/peers/peer_link.h"

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/rand.h>
#include <utility>

#include "base/check.h"
#include "base/digest.h"
#include "base/limits.h"
#include "net/peers/peer_tls.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
using cluster::PeerMessage;
using cluster::PeerRefusal;

// A large frame's memory is not kept until the next large one.
void let_go(std::vector<std::uint8_t>& frame) {
  frame.clear();
  if (frame.capacity() > limits::k_peer_buffer_kept_bytes) frame.shrink_to_fit();
}

cluster::PeerHello make_hello(const PeerSelf& self) {
  cluster::PeerHello hello{
      .cluster = self.cluster, .node = self.node, .incarnation = self.incarnation, .is_sealed = self.key.has_value()};
  check(RAND_bytes(hello.nonce.data(), static_cast<int>(hello.nonce.size())) == 1, "the system has random octets");
  return hello;
}

}  // namespace

PeerLink::PeerLink(EventLoop& loop, Stream stream, Side side, std::string who, PeerCounts& counts)
    : Deadline(loop), stream_(std::move(stream)), side_(side), who_(std::move(who)), counts_(counts) {}

void PeerLink::on_deadline() { refuse(PeerRefusal::late); }

void PeerLink::refuse(PeerRefusal reason) {
  if (is_open_) counts_.refuse(reason, who_);
  close();
}

void PeerLink::close() {
  is_open_ = false;
  cancel_deadline();
  stream_.close();
}

asio::awaitable<bool> PeerLink::read_exactly(WritableBytes room) {
  boost::system::error_code error;
  co_await asio::async_read(stream_, asio::buffer(room.data(), room.size()),
                            asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    // OpenSSL's own errors: a certificate that is refused, or a record that was changed.
    if (error.category() == asio::error::get_ssl_category()) refuse(PeerRefusal::unauthentic);
    close();
  }
  co_return is_open_;
}

asio::awaitable<std::optional<PeerMessage>> PeerLink::read(std::uint32_t types) {
  const std::size_t seal_bytes = session_ ? cluster::k_seal_bytes : 0;
  let_go(in_);
  in_.resize(cluster::k_frame_head_bytes);
  if (!co_await read_exactly(in_)) co_return std::nullopt;
  const auto head = cluster::parse_head(in_, seal_bytes);
  const bool is_due = head && (types >> static_cast<unsigned>(head->type) & 1U) != 0;
  if (!is_due) {
    refuse(head ? PeerRefusal::malformed : head.error());
    co_return std::nullopt;
  }
  in_.resize(cluster::k_frame_head_bytes + head->rest);
  if (!co_await read_exactly(WritableBytes(in_).subspan(cluster::k_frame_head_bytes))) co_return std::nullopt;
  PeerCounts::add(counts_.frames_received);
  PeerCounts::add(counts_.octets_received, in_.size());
  const Bytes frame = Bytes(in_).first(in_.size() - seal_bytes);
  if (session_) {
    PeerSeals& seals = side_ == Side::asks ? session_->answering : session_->asking;
    if (!equal_in_constant_time(text_of(seals.next(frame)), text_of(Bytes(in_).last(seal_bytes)))) {
      refuse(PeerRefusal::unauthentic);
      co_return std::nullopt;
    }
  }
  auto message = cluster::parse_body(head->type, frame.subspan(cluster::k_frame_head_bytes));
  if (!message) {
    refuse(message.error());
    co_return std::nullopt;
  }
  co_return std::move(*message);
}

asio::awaitable<bool> PeerLink::write(PeerMessage message) {
  if (!is_open_) co_return false;
  cluster::write_frame(message, session_ ? cluster::k_seal_bytes : 0, out_);
  if (session_) {
    const Sha256 seal = (side_ == Side::asks ? session_->asking : session_->answering).next(out_);
    out_.insert(out_.end(), seal.begin(), seal.end());
  }
  boost::system::error_code error;
  co_await asio::async_write(stream_, asio::buffer(out_.data(), out_.size()),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    close();
    co_return false;
  }
  PeerCounts::add(counts_.frames_sent);
  PeerCounts::add(counts_.octets_sent, out_.size());
  co_return is_open_;
}

asio::awaitable<std::optional<cluster::PeerHello>> PeerLink::read_hello() {
  auto message = co_await read(k_hello_frame);
  if (!message) co_return std::nullopt;
  co_return std::get<cluster::PeerHello>(std::move(message->body));
}

std::optional<PeerRefusal> PeerLink::judge(const cluster::PeerHello& hello, const PeerSelf& self) const {
  if (hello.cluster != self.cluster) return PeerRefusal::cluster;
  // Its own name: a namesake, or a connection to itself.
  if (hello.node == self.node || (side_ == Side::asks && hello.node != who_)) return PeerRefusal::name;
  if (hello.is_sealed != self.key.has_value()) return PeerRefusal::unauthentic;
  return std::nullopt;
}

// GCC 12 takes Asio's allocation of a coroutine's frame for one that its deallocation does not match.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
// Whoever is refused is told by whom first: then both ends log what does not fit.
asio::awaitable<std::optional<std::string>> PeerLink::greet(const PeerSelf& self) {
  const bool asks = side_ == Side::asks;
  expires_after(limits::k_peer_hello);
  if (!co_await stream_.handshake(asks ? asio::ssl::stream_base::client : asio::ssl::stream_base::server)) {
    refuse(PeerRefusal::unauthentic);
    co_return std::nullopt;
  }
  std::vector<std::uint8_t> ours;
  std::vector<std::uint8_t> theirs;
  const PeerMessage hello{0, make_hello(self)};
  if (asks && !co_await write(hello)) co_return std::nullopt;
  if (asks) ours = out_;
  const std::optional<cluster::PeerHello> other = co_await read_hello();
  if (!other) co_return std::nullopt;
  theirs = in_;
  if (!asks && !co_await write(hello)) co_return std::nullopt;
  if (!asks) ours = out_;
  auto refusal = judge(*other, self);
  if (!asks) who_ = other->node;
  const bool is_other_node = stream_.is_encrypted() && !names_node(stream_.client_identity().names, other->node);
  if (!refusal && is_other_node) refusal = PeerRefusal::name;
  if (refusal) {
    refuse(*refusal);
    co_return std::nullopt;
  }
  if (self.key) session_ = asks ? make_session(*self.key, ours, theirs) : make_session(*self.key, theirs, ours);
  const PeerMessage ready{0, cluster::PeerReady{}};
  if (!co_await write(ready)) co_return std::nullopt;
  const auto answer = co_await read(k_ready_frame);
  if (!answer) co_return std::nullopt;
  cancel_deadline();
  co_return who_;
}
#pragma GCC diagnostic pop

}  // namespace rollcall::net
