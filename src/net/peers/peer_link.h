// One connection between two nodes: frames over plain TCP or TLS, sealed where the nodes share a key.
//
// Shape    after `greet` both ends are known to be what they say, and `read` and `write` pass whole messages.
// Owner    the session that runs it.
// Threads  its loop's. One read and one write at a time.
// Failure  whatever is wrong ends the connection: counted with its reason (peer_counts.h), and nothing more is read of it.
//          `is_open` tells whether it has ended.
// Deadlines one at a time, set by the session: when it passes, the connection is refused as late.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/wire/messages.h"
#include "net/peers/peer_counts.h"
#include "net/peers/peer_key.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/stream.h"

namespace rollcall::net {

// Which messages an end takes, a bit for each FrameType.
inline constexpr std::uint32_t k_hello_frame = 1U << static_cast<unsigned>(cluster::FrameType::hello);
inline constexpr std::uint32_t k_ready_frame = 1U << static_cast<unsigned>(cluster::FrameType::ready);
inline constexpr std::uint32_t k_question_frames = 1U << static_cast<unsigned>(cluster::FrameType::poll) |
                                                   1U << static_cast<unsigned>(cluster::FrameType::drain_question);
inline constexpr std::uint32_t k_answer_frames = 1U << static_cast<unsigned>(cluster::FrameType::poll_answer) |
                                                 1U << static_cast<unsigned>(cluster::FrameType::drain_answer);

// This node, as its hellos tell it.
struct PeerSelf {
  std::string cluster;
  std::string node;
  std::optional<PeerKey> key;            // none: frames are not sealed
  cluster::Incarnation incarnation = 0;  // the last that is known
};

class PeerLink final : private Deadline {
 public:
  enum class Side : std::uint8_t { asks, answers };

  // `who`: the name of the node that is dialled; of one that calls, its address, until its hello says its name.
  PeerLink(EventLoop& loop, Stream stream, Side side, std::string who, PeerCounts& counts);

  // TLS, hello, ready. The name of the other node; empty: it has ended.
  boost::asio::awaitable<std::optional<std::string>> greet(const PeerSelf& self);

  // The next message, of one of these types. Empty: it has ended.
  boost::asio::awaitable<std::optional<cluster::PeerMessage>> read(std::uint32_t types);
  boost::asio::awaitable<bool> write(cluster::PeerMessage message);

  void refuse(cluster::PeerRefusal reason);
  void close();
  [[nodiscard]] bool is_open() const { return is_open_; }
  [[nodiscard]] const std::string& who() const { return who_; }

  using Deadline::cancel_deadline;
  using Deadline::expires_after;

 private:
  boost::asio::awaitable<bool> read_exactly(WritableBytes room);
  boost::asio::awaitable<std::optional<cluster::PeerHello>> read_hello();
  [[nodiscard]] std::optional<cluster::PeerRefusal> judge(const cluster::PeerHello& hello, const PeerSelf& self) const;
  void on_deadline() override;

  Stream stream_;
  const Side side_;
  std::string who_;
  PeerCounts& counts_;
  bool is_open_ = true;
  std::vector<std::uint8_t> in_;   // the frame that is being read
  std::vector<std::uint8_t> out_;  // ... and the one that is being written
  std::optional<PeerSession> session_;
};

}  // namespace rollcall::net
