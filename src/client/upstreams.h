// The name servers as one: whoever answers is asked first the next time, who fails is followed by the next.
//
// Shape    a question goes to one server after the other, `tries` rounds; the first answer that says yes or no counts.
// Threads  one; see DnsChannel.
// Failure  an empty message, and a sentence about the server that was asked last.
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
  std::size_t first_ = 0;  // whoever has answered last
};

}  // namespace rollcall::client
