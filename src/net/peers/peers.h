// The nodes of a cluster among themselves: a listener, a connection to each other node, and the thread they live on.
//
// Shape    cluster::PeerNetwork over TCP. Each of two nodes asks over the connection that it has made, and answers on the one
//          that the other has made (cluster/wire/messages.h).
// Trust    either TLS, where both ends show a certificate of one authority, or a key in a file that all nodes share, which
//          seals every frame but hides nothing; both together are possible. Without either only a loopback address can listen.
// Owner    owns socket, loop and connections; borrows the service, which outlives it.
// Threads  open, start, stop: the main thread; the rest: any. The service is called on this thread of its own alone.
// Bounds   connections, names, questions and frames: base/limits.h and cluster/wire/messages.h. A node that does not answer,
//          or does not read, holds up nobody else.
// Failure  of `open`: Errc::start_up with one sentence. After that: counted, logged once in a while, tried again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "cluster/peers.h"

namespace rollcall::net {

struct PeerSettings {
  std::string cluster;  // a node name each (cluster/keys.h)
  std::string node;
  IpEndpoint listen;
  std::string certificate = {};  // files, PEM: all three or none
  std::string key = {};
  std::string authority = {};
  std::string key_file = {};  // of the shared key; empty: none
};

class Peers final : public cluster::PeerNetwork {
 public:
  // Listens; nothing is answered yet.
  [[nodiscard]] static Result<std::unique_ptr<Peers>> open(const PeerSettings& settings, cluster::PeerService& service);
  ~Peers() override;

  void start();
  // Every question that waits gets no answer; after this the service is not called any more. `start` is not called again.
  void stop();
  [[nodiscard]] const IpEndpoint& endpoint() const;  // with the port that was picked, where 0 was asked for

  void set_peers(std::vector<cluster::PeerAddress> peers) override;
  void send(cluster::SentPoll poll) override;
  void ask(const std::string& peer, cluster::DrainQuestion question,
           std::function<void(std::optional<cluster::DrainAnswer>)> reply) override;
  [[nodiscard]] cluster::PeerCounters counters() const override;

 private:
  class Parts;
  explicit Peers(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace rollcall::net
