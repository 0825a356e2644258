// The connection to one other node, kept open and made again: polls and questions go out, answers come in.
//
// Shape    one poll is under way at a time, and the newest waits; questions pass at any time. Whoever does not answer in
//          k_peer_patience loses the connection, and is dialled again after a pause that doubles. One silent node costs the
//          others nothing: each has an asker of its own.
// Owner    shared by PeerNetwork's implementation and by its own coroutines, which end after `close`.
// Threads  its loop's.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"
#include "cluster/peers.h"
#include "net/checks/host_names.h"
#include "net/peers/peer_link.h"
#include "net/sockets/event_loop.h"

namespace rollcall::net {

// What the askers of one node have in common. Borrowed for life.
struct PeerAskers {
  EventLoop& loop;
  HostNames& names;
  const PeerSelf& self;
  cluster::PeerService& service;
  PeerCounts& counts;
  TlsContext::Shared tls;  // null: none
};

class PeerAsker final : public std::enable_shared_from_this<PeerAsker> {
 public:
  using DrainReply = std::function<void(std::optional<cluster::DrainAnswer>)>;

  PeerAsker(const PeerAskers& shared, cluster::PeerAddress peer);

  // Dials, for as long as it is not closed.
  void start();
  void close();
  [[nodiscard]] const cluster::PeerAddress& peer() const { return peer_; }
  [[nodiscard]] bool is_connected() const { return link_ != nullptr; }

  void send(cluster::SentPoll poll);
  void ask(cluster::DrainQuestion question, DrainReply reply);

 private:
  struct Asked {
    Asked(EventLoop& loop, cluster::DrainQuestion what, DrainReply to)
        : question(std::move(what)), reply(std::move(to)), patience(loop.context()) {}
    cluster::DrainQuestion question;
    DrainReply reply;
    boost::asio::steady_timer patience;
    bool is_sent = false;
  };
  struct UnderWay {
    std::uint64_t number = 0;
    cluster::SentPoll poll;
    std::chrono::steady_clock::time_point written;
  };

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<std::vector<IpEndpoint>> find_endpoints();
  boost::asio::awaitable<bool> connect(Stream::Socket& socket, std::vector<IpEndpoint> endpoints);
  boost::asio::awaitable<void> talk(std::shared_ptr<PeerLink> link);
  // False: what has come is not believed, and the connection refused.
  bool take(PeerLink& link, cluster::PeerMessage message);
  bool take_answer(PeerLink& link, std::uint64_t number, const cluster::PollAnswer& answer);
  void stop_connecting();
  void lose(PeerLink& link);
  // Writes what waits, if nothing is being written.
  void write();
  boost::asio::awaitable<void> write_all(std::shared_ptr<PeerLink> link);
  [[nodiscard]] std::optional<cluster::PeerMessage> next_message();
  void reply(std::uint64_t number, std::optional<cluster::DrainAnswer> answer);
  boost::asio::awaitable<void> pause();

  const PeerAskers& shared_;
  const cluster::PeerAddress peer_;
  bool is_closed_ = false;
  std::shared_ptr<PeerLink> link_;      // that has greeted, and is open
  std::shared_ptr<PeerLink> greeting_;  // not yet
  Stream::Socket* connecting_ = nullptr;
  bool is_writing_ = false;
  std::uint64_t next_number_ = 1;
  std::optional<cluster::SentPoll> waiting_;
  std::optional<UnderWay> under_way_;
  std::map<std::uint64_t, Asked> asked_;
  boost::asio::steady_timer pause_;  // between two tries
  boost::asio::steady_timer step_;   // of connecting
  std::chrono::milliseconds again_ = limits::k_peer_again_min;
  Random random_ = Random::from_system();
};

}  // namespace rollcall::net
