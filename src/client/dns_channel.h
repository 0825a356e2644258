// One name server by one transport, through c-ares: sends a question, and calls back with the message that answers it.
//
// Shape    no retries and no judgement: one try, whatever the RCODE. A truncated answer over UDP is asked for again
//          over TCP, by c-ares.
// Threads  one, which also waits: it adds the sockets to what it polls, and says when something is ready or time has
//          passed. Callbacks come from `process`, or from `ask` itself when nothing can be sent.
// Owner    what waits when it ends is dropped without a call.
#pragma once

#include <ares.h>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "dns/name.h"
#include "dns/types.h"

namespace rollcall::client {

enum class Transport : std::uint8_t { udp, tcp };

class DnsChannel {
 public:
  // `message` is empty when there is none; then `trouble` says why ("does not answer in time").
  using Answered = std::function<void(Bytes message, const std::string& trouble)>;

  DnsChannel(const IpEndpoint& server, Transport transport, std::chrono::milliseconds timeout);
  ~DnsChannel();
  DnsChannel(const DnsChannel&) = delete;
  DnsChannel& operator=(const DnsChannel&) = delete;

  void ask(const dns::Name& name, dns::Type type, Answered answered);

  void add_sockets(std::vector<pollfd>& polled) const;
  void process(const std::vector<pollfd>& polled);
  // Until `process` is wanted whatever the sockets say; `most` when nothing is under way.
  [[nodiscard]] std::chrono::milliseconds time_left(std::chrono::milliseconds most) const;

 private:
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, short> sockets_;  // with the events c-ares waits for
};

}  // namespace rollcall::client
