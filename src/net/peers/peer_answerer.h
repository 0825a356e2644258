// Connections that other nodes have made to this one: each question is answered at once, in order.
//
// Shape    one connection of each node: a newer one ends the one before, which may be left over from a network that broke.
//          While an answer is not taken, nothing more is read: memory of a connection is one question and one answer.
// Owner    PeerNetwork's implementation; outlives its loop's coroutines.
// Threads  its loop's.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <string>

#include "cluster/peers.h"
#include "cluster/wire/poll_rules.h"
#include "net/peers/peer_link.h"
#include "net/sockets/tcp_listener.h"

namespace rollcall::net {

class PeerAnswerer {
 public:
  // All borrowed.
  PeerAnswerer(const PeerSelf& self, cluster::PeerService& service, PeerCounts& counts)
      : self_(self), service_(service), counts_(counts) {}

  // Until the connection ends. Owns it.
  boost::asio::awaitable<void> serve(Connection connection);
  void close_all();

 private:
  boost::asio::awaitable<void> converse(PeerLink& link, cluster::PollGate& gate);
  // Empty: refused.
  [[nodiscard]] std::optional<cluster::PeerMessage> answer(PeerLink& link, cluster::PollGate& gate,
                                                           cluster::PeerMessage& question);
  [[nodiscard]] cluster::PollGate* gate_of(const std::string& name);

  const PeerSelf& self_;
  cluster::PeerService& service_;
  PeerCounts& counts_;
  std::map<std::string, cluster::PollGate> gates_;  // for life: what was given out is not forgotten with a connection
  std::map<std::string, PeerLink*> links_;          // by the name at the other end
};

}  // namespace rollcall::net
