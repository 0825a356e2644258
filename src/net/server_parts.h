// The parts of the network's server, for the files that make it up.
//
// Owner    the Server.
// Threads  as server.h says.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/connection_counters.h"
#include "net/dns/secondary_watch.h"
#include "net/dns/session.h"
#include "net/dns/udp_worker.h"
#include "net/http/backend.h"
#include "net/http/list_maker.h"
#include "net/server.h"
#include "net/sockets/client_limit.h"
#include "net/sockets/event_loop.h"
#include "net/sockets/tcp_listener.h"
#include "net/sockets/tls_context.h"

namespace rollcall::net {

// No exception is expected from a coroutine; one that comes is the end of that session alone.
void log_exception(std::exception_ptr failed);

// Members in the order of their lives: what a loop runs goes before the loop does.
struct Server::Parts {
  Parts(const Listeners& wanted, const answer::Responder& answers, const registry::TimeSource& time)
      : listeners(wanted),
        responder(answers),
        clock(time),
        dns_clients(wanted.dns_connections_per_client_max),
        http_clients(wanted.http_connections_per_client_max),
        http_held(wanted.http_held_bytes_max, http_connections.held_bytes) {}

  const Listeners listeners;
  const answer::Responder& responder;
  const registry::TimeSource& clock;
  ConnectionCounters dns_connections;
  ConnectionCounters http_connections;
  ClientLimit dns_clients;
  ClientLimit http_clients;
  HeldBytes http_held;
  std::unique_ptr<TlsContext> dns_context;  // null: no DNS over TLS
  std::unique_ptr<TlsContext> http_context;
  std::vector<std::unique_ptr<answer::WorkerState>> dns_states;
  std::vector<std::unique_ptr<DnsSessions>> dns_sessions;
  std::vector<std::unique_ptr<HttpBackend>> http_backends;
  std::vector<std::unique_ptr<EventLoop>> dns_loops;
  std::vector<std::unique_ptr<EventLoop>> http_loops;
  ListMaker lists{http_held};  // goes before the loops that it answers on
  std::vector<std::unique_ptr<UdpWorker>> udp_workers;
  std::vector<std::unique_ptr<TcpListener>> dns_tcp;
  std::vector<std::unique_ptr<TcpListener>> http;
  std::unique_ptr<Notifier> notifier;
  std::unique_ptr<SecondaryWatch> secondaries;
  std::atomic<std::size_t> next_adopted = 0;
  std::vector<IpEndpoint> dns_endpoints;
  std::vector<IpEndpoint> http_endpoints;
  std::vector<IpEndpoint> dns_tls_endpoints;
  std::vector<IpEndpoint> https_endpoints;

  Result<void> load_certificates();
  // Binds the addresses of the settings, but of each kind that was given sockets.
  Result<void> bind_missing(GivenSockets& sockets) const;
  Result<void> listen(GivenSockets sockets);
  // A connection that was accepted, or that another process passes on with what it has read of it.
  void begin_dns(Connection connection, std::string unread = {});
  void begin_http(Connection connection, bool is_at_loopback, std::string unread = {});
  static void wait_for_sessions(std::chrono::milliseconds at_most, const std::function<std::size_t()>& count);
  void listen_for_dns(Descriptor socket, const TlsContext* tls);
  void listen_for_http(TcpSocket socket, const TlsContext* tls, std::vector<IpEndpoint>& bound);

  [[nodiscard]] static std::size_t index_of(const std::vector<std::unique_ptr<EventLoop>>& loops,
                                            const EventLoop& loop) {
    const auto at = std::ranges::find(loops, &loop, &std::unique_ptr<EventLoop>::get);
    return static_cast<std::size_t>(at - loops.begin());
  }
};

}  // namespace rollcall::net
