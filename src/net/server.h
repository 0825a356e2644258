// All sockets and their threads: one loop per DNS worker (its UDP sockets and its share of the TCP and TLS connections),
// and the HTTP loops.
//
// Owner    owns loops, sockets, sessions and the workers' states; borrows the rooms it connects.
// Threads  bind, start, reload_certificates, close_listeners, stop: the main thread. Counters: any.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "answer/responder.h"
#include "api/router.h"
#include "base/connection_counters.h"
#include "base/ip_address.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "base/pulse.h"
#include "base/result.h"
#include "net/dns/notifier.h"
#include "net/http/backend.h"
#include "net/http/known_hosts.h"
#include "net/sockets/certificate.h"
#include "net/sockets/passed.h"
#include "net/supervisor/given_sockets.h"
#include "registry/instance/lease.h"
#include "registry/work/writer.h"

namespace rollcall::net {

// Of DNS over TLS, and of the API over HTTPS.
struct Certificates {
  CertificateFiles dns;
  CertificateFiles http;
};

struct Listeners {
  std::vector<IpEndpoint> dns;
  std::vector<IpEndpoint> http;
  unsigned dns_workers = 0;  // 0: one per core
  std::size_t dns_connections_max = 0;
  std::size_t http_connections_max = 0;
  std::size_t dns_connections_per_client_max = 0;  // 0: no limit
  std::size_t http_connections_per_client_max = 0;
  std::vector<IpEndpoint> dns_tls = {};  // with a certificate where there are any
  std::vector<IpEndpoint> https = {};
  Certificates certificates = {};
  std::vector<Secondary> secondaries = {};
  AnswerTimes http_times = {};  // tests wait less, for this and the next
  std::chrono::milliseconds dns_write_max = limits::k_write;
  std::size_t http_held_bytes_max = limits::k_http_held_total_bytes_max;
  const KnownHosts* hosts = nullptr;     // null: requests may name any host; borrowed for life
  const answer::Zones* zones = nullptr;  // what secondaries are told of; borrowed for life
};

// The sockets of one address, by descriptor.
struct SharedSockets {
  struct Address {
    IpEndpoint endpoint;
    std::vector<int> udp = {};  // of DNS alone
    int tcp = -1;
  };
  std::vector<Address> dns = {};
  std::vector<Address> dns_tls = {};
  std::vector<Address> http = {};
  std::vector<Address> https = {};
};

class Server {
 public:
  // Binds every address; nothing is answered yet. Errc::start_up with one sentence. `given`: sockets that are bound
  // already, by kind: they stand for the addresses of that kind.
  [[nodiscard]] static Result<std::unique_ptr<Server>> bind(const Listeners& listeners,
                                                            const answer::Responder& responder, const api::Router& api,
                                                            registry::Writer& writer, const registry::TimeSource& clock,
                                                            const Watching& watching, GivenSockets given = {});
  ~Server();

  void start() {
    start_dns();
    start_http();
  }
  void start_dns();
  void start_http();
  // For connections from now on. A certificate that cannot be used leaves the one in use: the sentences say why.
  [[nodiscard]] std::vector<std::string> reload_certificates(const Certificates& certificates);
  // No new connections from now on; every wait and every watch comes to its end.
  void close_listeners();
  // After the writer has stopped: its last replies leave, then the loops end.
  void stop();

  // Of every thread that answers: none of them outlives the server.
  [[nodiscard]] std::vector<std::unique_ptr<Pulse>> pulses() const;

  // --- A hand-over to another process (server/handover.h); one other thread, after `start` ---

  // No new connection is accepted, and no further request looked at: octets wait. What has begun is answered. Returns when
  // no HTTP loop renews a lease or submits a change any more.
  void pause();
  void resume();
  // The sockets that listen: borrowed, until `stop`.
  [[nodiscard]] SharedSockets sockets() const;
  // Plain connections are passed on once they are between two messages, or in one that has not been routed; those with TLS
  // are closed in order. Returns when all have gone, or after `at_most`. The calls of `pass` are made one at a time, until
  // `stop_passing`. Of HTTP: everybody who waits is answered, and streams end.
  void pass_dns_connections(const PassConnection& pass, std::chrono::milliseconds at_most);
  void pass_http_connections(const PassConnection& pass, std::chrono::milliseconds at_most);
  void stop_passing();
  // UDP queries are left to the other process.
  void stop_udp();

  // Goes on with a connection that another process has passed on. After `start`; any thread.
  void adopt(PassedConnection passed);

  // The zone has a new serial. Any thread.
  void notify(registry::ZoneId zone);

  // As bound: with the ports that were picked.
  [[nodiscard]] const std::vector<IpEndpoint>& dns_endpoints() const;
  [[nodiscard]] const std::vector<IpEndpoint>& http_endpoints() const;
  [[nodiscard]] std::vector<std::string> dns_listeners() const;
  [[nodiscard]] std::vector<std::string> http_listeners() const;
  [[nodiscard]] std::vector<std::string> dns_tls_listeners() const;
  [[nodiscard]] std::vector<std::string> https_listeners() const;

  // Of the HTTP API and of all connections. Any thread.
  void put_metrics(MetricsSink& sink) const;
  [[nodiscard]] const ConnectionCounters& dns_connections() const;
  [[nodiscard]] const ConnectionCounters& http_connections() const;
  [[nodiscard]] std::vector<const answer::Counters*> dns_counters() const;
  [[nodiscard]] std::vector<const api::Counters*> http_counters() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace rollcall::net
