#include "net/server.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <fmt/format.h>
#include <sched.h>
#include <string_view>
#include <thread>
#include <utility>

#include "api/routed.h"
#include "base/log.h"
#include "net/dns/secondary_watch.h"
#include "net/metrics.h"
#include "net/server_parts.h"
#include "net/sockets/socket.h"

namespace rollcall::net {

namespace asio = boost::asio;

// No exception is expected from a coroutine; one that comes is the end of that session alone.
void log_exception(std::exception_ptr failed) {
  if (!failed) return;
  try {
    std::rethrow_exception(failed);
  } catch (const std::exception& error) {
    log::error("a connection ended by an exception: {}", error.what());
  }
}

namespace {

constexpr std::string_view k_dns_over_tls = "dot";  // RFC 7858 §3.2, as IANA has it for ALPN
constexpr std::string_view k_http_1_1 = "http/1.1";
constexpr unsigned k_http_loops_max = 4;  // sessions are light: more threads would only trade cores with the DNS

// Those this process may run on: more threads than that only take turns.
unsigned cores() {
  cpu_set_t allowed{};
  const bool is_known = sched_getaffinity(0, sizeof(allowed), &allowed) == 0;
  return is_known ? std::max(1U, static_cast<unsigned>(CPU_COUNT(&allowed)))
                  : std::max(1U, std::thread::hardware_concurrency());
}

std::vector<std::string> texts(const std::vector<IpEndpoint>& endpoints) {
  std::vector<std::string> result;
  std::ranges::transform(endpoints, std::back_inserter(result), &IpEndpoint::text);
  return result;
}

}  // namespace

Result<void> Server::Parts::load_certificates() {
  if (!listeners.dns_tls.empty()) {
    Result<std::unique_ptr<TlsContext>> loaded = TlsContext::load(listeners.certificates.dns, k_dns_over_tls);
    if (!loaded) return std::unexpected(loaded.error());
    dns_context = std::move(*loaded);
  }
  if (!listeners.https.empty()) {
    Result<std::unique_ptr<TlsContext>> loaded = TlsContext::load(listeners.certificates.http, k_http_1_1);
    if (!loaded) return std::unexpected(loaded.error());
    http_context = std::move(*loaded);
  }
  return {};
}

void Server::Parts::listen_for_dns(Descriptor socket, const TlsContext* tls) {
  const ConnectionLimits limits{listeners.dns_connections_max, dns_connections, dns_clients};
  dns_tcp.push_back(std::make_unique<TcpListener>(*dns_loops.front(), std::move(socket), dns_loops, limits, tls,
                                                  [this](Connection connection) { begin_dns(std::move(connection)); }));
}

Result<void> Server::Parts::bind_missing(GivenSockets& sockets) const {
  // The addresses of the settings for which no socket is there.
  const auto missing = [&](const auto& there, std::vector<IpEndpoint> wanted) {
    if (sockets.stand_for_kinds && !there.empty()) wanted.clear();
    for (const auto& socket : there) {
      const auto at = std::ranges::find_if(wanted, [&](const IpEndpoint& each) {
        return each == socket.endpoint || (each.port == 0 && each.address == socket.endpoint.address);
      });
      if (at != wanted.end()) wanted.erase(at);
    }
    return wanted;
  };
  const auto bind_all = [&](std::vector<TcpSocket>& to, const std::vector<IpEndpoint>& wanted,
                            std::string_view setting) -> Result<void> {
    for (const IpEndpoint& endpoint : missing(to, wanted)) {
      Result<TcpSocket> socket = bind_tcp(endpoint, setting);
      if (!socket) return std::unexpected(socket.error());
      to.push_back(std::move(*socket));
    }
    return {};
  };
  for (const IpEndpoint& endpoint : missing(sockets.dns, listeners.dns)) {
    Result<DnsSockets> bound = bind_dns(endpoint, dns_loops.size(), responder.udp_payload());
    if (!bound) return std::unexpected(bound.error());
    sockets.dns.push_back(std::move(*bound));
  }
  Result<void> done = bind_all(sockets.dns_tls, listeners.dns_tls, "dns.tls.listen");
  if (done) done = bind_all(sockets.http, listeners.http, "--http ADDR:PORT or http.listen");
  return done ? bind_all(sockets.https, listeners.https, "http.tls.listen") : done;
}

Result<void> Server::Parts::listen(GivenSockets sockets) {
  for (DnsSockets& each : sockets.dns) {
    if (const Result<void> adopted = adopt_dns(each, dns_loops.size(), responder.udp_payload()); !adopted)
      return adopted;
    dns_endpoints.push_back(each.endpoint);
    for (Descriptor& socket : each.udp) {
      udp_workers.push_back(std::make_unique<UdpWorker>(std::move(socket), responder, clock));
    }
    listen_for_dns(std::move(each.tcp), nullptr);
  }
  for (TcpSocket& each : sockets.dns_tls) {
    dns_tls_endpoints.push_back(each.endpoint);
    listen_for_dns(std::move(each.descriptor), dns_context.get());
  }
  for (TcpSocket& each : sockets.http) listen_for_http(std::move(each), nullptr, http_endpoints);
  for (TcpSocket& each : sockets.https) listen_for_http(std::move(each), http_context.get(), https_endpoints);
  return {};
}

void Server::Parts::listen_for_http(TcpSocket socket, const TlsContext* tls, std::vector<IpEndpoint>& bound) {
  bound.push_back(socket.endpoint);
  const bool is_loopback = socket.endpoint.address.is_loopback();
  const ConnectionLimits limits{listeners.http_connections_max, http_connections, http_clients};
  http.push_back(std::make_unique<TcpListener>(
      *http_loops.front(), std::move(socket.descriptor), http_loops, limits, tls,
      [this, is_loopback](Connection connection) { begin_http(std::move(connection), is_loopback); }));
}

Result<std::unique_ptr<Server>> Server::bind(const Listeners& listeners, const answer::Responder& responder,
                                             const api::Router& api, registry::Writer& writer,
                                             const registry::TimeSource& clock, const Watching& watching,
                                             GivenSockets given) {
  auto parts = std::make_unique<Parts>(listeners, responder, clock);
  Parts& p = *parts;
  const unsigned workers = listeners.dns_workers == 0 ? cores() : listeners.dns_workers;
  for (unsigned i = 0; i < workers; ++i) {
    p.dns_states.push_back(std::make_unique<answer::WorkerState>());
    p.dns_sessions.push_back(std::make_unique<DnsSessions>());
    p.dns_loops.push_back(std::make_unique<EventLoop>());
  }
  for (unsigned i = 0; i < std::min(cores(), k_http_loops_max); ++i) {
    p.http_loops.push_back(std::make_unique<EventLoop>());
    p.http_backends.push_back(std::make_unique<HttpBackend>(*p.http_loops.back(), api, writer, clock, watching,
                                                            listeners.http_times, p.http_held, p.lists));
  }
  Result<void> done = p.load_certificates();
  if (done) done = p.bind_missing(given);
  if (done) done = p.listen(std::move(given));
  if (!done) return std::unexpected(done.error());
  if (listeners.zones != nullptr) {
    p.notifier =
        std::make_unique<Notifier>(*p.dns_loops.front(), *listeners.zones, listeners.secondaries, p.dns_endpoints);
    p.secondaries = std::make_unique<SecondaryWatch>(*p.dns_loops.front(), *listeners.zones, listeners.secondaries);
  }
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { stop(); }

void Server::start_dns() {
  Parts& p = *parts_;
  for (std::size_t i = 0; i < p.udp_workers.size(); ++i) p.udp_workers[i]->start("dns-udp-" + std::to_string(i));
  for (const auto& listener : p.dns_tcp) {
    asio::co_spawn(p.dns_loops.front()->context(), listener->run(), log_exception);
  }
  if (p.notifier != nullptr) p.notifier->start();
  if (p.secondaries != nullptr) p.secondaries->start();
  for (std::size_t i = 0; i < p.dns_loops.size(); ++i) p.dns_loops[i]->start("dns-tcp-" + std::to_string(i));
}

void Server::start_http() {
  Parts& p = *parts_;
  for (const auto& listener : p.http) {
    asio::co_spawn(p.http_loops.front()->context(), listener->run(), log_exception);
  }
  p.lists.start();
  for (std::size_t i = 0; i < p.http_loops.size(); ++i) p.http_loops[i]->start("http-" + std::to_string(i));
}

std::vector<std::string> Server::reload_certificates(const Certificates& certificates) {
  std::vector<std::string> sentences;
  const auto reload = [&](TlsContext* context, const CertificateFiles& files) {
    if (context == nullptr) return;
    if (const Result<void> loaded = context->reload(files); !loaded) sentences.push_back(loaded.error().message);
  };
  reload(parts_->dns_context.get(), certificates.dns);
  reload(parts_->http_context.get(), certificates.http);
  return sentences;
}

void Server::notify(registry::ZoneId zone) {
  if (parts_->notifier != nullptr) parts_->notifier->notify(zone);
}

void Server::close_listeners() {
  for (const auto& listener : parts_->dns_tcp) listener->close();
  for (const auto& listener : parts_->http) listener->close();
  for (std::size_t i = 0; i < parts_->http_loops.size(); ++i) {
    parts_->http_loops[i]->post([&backend = *parts_->http_backends[i]] {
      backend.waits.close();
      backend.hub.close();
    });
  }
}

void Server::stop() {
  for (const auto& worker : parts_->udp_workers) worker->stop();
  parts_->lists.stop();
  for (const auto& loop : parts_->http_loops) loop->stop();
  for (const auto& loop : parts_->dns_loops) loop->stop();
}

const std::vector<IpEndpoint>& Server::dns_endpoints() const { return parts_->dns_endpoints; }
const std::vector<IpEndpoint>& Server::http_endpoints() const { return parts_->http_endpoints; }
std::vector<std::string> Server::dns_listeners() const { return texts(parts_->dns_endpoints); }
std::vector<std::string> Server::http_listeners() const { return texts(parts_->http_endpoints); }
std::vector<std::string> Server::dns_tls_listeners() const { return texts(parts_->dns_tls_endpoints); }
std::vector<std::string> Server::https_listeners() const { return texts(parts_->https_endpoints); }
const ConnectionCounters& Server::dns_connections() const { return parts_->dns_connections; }
const ConnectionCounters& Server::http_connections() const { return parts_->http_connections; }

std::vector<std::unique_ptr<Pulse>> Server::pulses() const {
  std::vector<std::unique_ptr<Pulse>> all;
  for (std::size_t i = 0; i < parts_->udp_workers.size(); ++i) {
    all.push_back(std::make_unique<StepPulse>(fmt::format("DNS worker {}", i), parts_->udp_workers[i]->steps()));
  }
  const auto add_loops = [&](const std::vector<std::unique_ptr<EventLoop>>& loops, std::string_view name) {
    for (std::size_t i = 0; i < loops.size(); ++i) {
      all.push_back(std::make_unique<TaskPulse>(
          fmt::format("{} {}", name, i),
          [&loop = *loops[i]](std::move_only_function<void()> task) { loop.post(std::move(task)); }));
    }
  };
  add_loops(parts_->dns_loops, "the loop of DNS over TCP");
  add_loops(parts_->http_loops, "the HTTP loop");
  return all;
}

void Server::put_metrics(MetricsSink& sink) const {
  api::put_metrics(sink, http_counters());
  put_connection_metrics(sink, parts_->dns_connections, parts_->http_connections);
  api::put_watch_metrics(sink, http_counters());
  put_certificate_metrics(sink, parts_->dns_context.get(), parts_->http_context.get());
  std::vector<const answer::Counters*> udp;
  std::vector<const answer::Counters*> tcp;
  for (const auto& worker : parts_->udp_workers) udp.push_back(&worker->counters());
  for (const auto& state : parts_->dns_states) tcp.push_back(&state->counters);
  put_duration_metrics(sink, udp, tcp);
  if (parts_->secondaries != nullptr) parts_->secondaries->put_metrics(sink);
}

std::vector<const answer::Counters*> Server::dns_counters() const {
  std::vector<const answer::Counters*> counters;
  for (const auto& state : parts_->dns_states) counters.push_back(&state->counters);
  for (const auto& worker : parts_->udp_workers) counters.push_back(&worker->counters());
  return counters;
}

std::vector<const api::Counters*> Server::http_counters() const {
  std::vector<const api::Counters*> counters;
  for (const auto& backend : parts_->http_backends) counters.push_back(&backend->counters);
  return counters;
}

}  // namespace rollcall::net
