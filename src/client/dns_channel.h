// Sends DNS queries to one name server over one transport (UDP or TCP), using c-ares, and calls back with the response.
//
// Shape    no retries, no evaluation: one try per query, any RCODE is delivered. If a UDP answer is truncated, c-ares
//          repeats the query over TCP.
// Owner    Upstreams. The destructor drops pending queries without calling their callbacks.
// Threads  one thread, which runs the poll() loop: it calls add_sockets() and time_left() before poll(), and process()
//          after it. Callbacks run inside process(), or inside ask() if the query cannot be sent.
// Failure  the callback gets an empty message and an error text.
// Source   RFC 1035 §4; ares_send(3).
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
  // If there is no response, `message` is empty and `trouble` has the reason ("does not answer in time").
  using Answered = std::function<void(Bytes message, const std::string& trouble)>;

  DnsChannel(const IpEndpoint& server, Transport transport, std::chrono::milliseconds timeout);
  ~DnsChannel();
  DnsChannel(const DnsChannel&) = delete;
  DnsChannel& operator=(const DnsChannel&) = delete;

  void ask(const dns::Name& name, dns::Type type, Answered answered);

  void add_sockets(std::vector<pollfd>& polled) const;
  void process(const std::vector<pollfd>& polled);
  // The longest time to wait in poll() before process() must be called for timeouts; `most` if no query is pending.
  [[nodiscard]] std::chrono::milliseconds time_left(std::chrono::milliseconds most) const;

 private:
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, short> sockets_;  // and the poll events that c-ares waits for
};

}  // namespace rollcall::client
