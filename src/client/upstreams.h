// Fail-over across the name servers: the server that answered last is queried first; if it fails, the next one is.
//
// Shape    a query goes to one server after another, for up to `tries` rounds. The first positive or negative answer is
//          used; SERVFAIL, REFUSED and timeouts go to the next server.
// Owner    ResolverEngine. The destructor drops pending queries without calling their callbacks.
// Threads  one thread; see DnsChannel.
// Failure  the callback gets an empty message, and the error of the last server.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/dns_channel.h"

namespace rollcall::client {

class Upstreams {
 public:
  Upstreams(const std::vector<IpEndpoint>& servers, std::chrono::milliseconds try_timeout, int tries);

  void ask(const dns::Name& name, dns::Type type, Transport transport, DnsChannel::Answered answered);

  void add_sockets(std::vector<pollfd>& polled) const;
  void process(const std::vector<pollfd>& polled);
  [[nodiscard]] std::chrono::milliseconds time_left(std::chrono::milliseconds most) const;

 private:
  struct Server {
    std::string text;
    std::unique_ptr<DnsChannel> udp;
    std::unique_ptr<DnsChannel> tcp;
  };
  struct Question;

  void try_next(const std::shared_ptr<Question>& question);
  template <class Use>
  void with_each(Use&& use) const {
    for (const Server& server : servers_) {
      use(*server.udp);
      use(*server.tcp);
    }
  }

  std::vector<Server> servers_;
  std::size_t tries_max_;
  std::size_t first_ = 0;  // index of the server that answered last
};

}  // namespace rollcall::client
