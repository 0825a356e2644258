// The server's part of a hand-over to another process, and from one.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include "net/http/session.h"
#include "net/server_parts.h"

namespace rollcall::net {
namespace {

constexpr std::chrono::milliseconds k_look_again{2};
// For requests that cannot be passed on (RequestReader::is_passable) and whose clients are still sending them.
constexpr std::chrono::milliseconds k_begun_requests_max{300};

boost::asio::awaitable<void> serve_dns(Connection connection, const answer::Responder& responder,
                                       const registry::TimeSource& clock, answer::WorkerState& state,
                                       std::chrono::milliseconds write_max, DnsSessions& sessions, std::string unread) {
  DnsSession session(std::move(connection), responder, clock, state, write_max, &sessions);
  session.begin_with(unread);
  co_await session.run();
}

boost::asio::awaitable<void> serve_http(Connection connection, HttpBackend& backend, const KnownHosts* hosts,
                                        bool is_at_loopback, std::string unread) {
  const auto session = std::make_shared<HttpSession>(std::move(connection), backend, hosts, is_at_loopback);
  session->begin_with(unread);
  co_await session->run();
}

// Runs `task` on the loop's thread, and waits for it.
template <class F>
auto run_on(EventLoop& loop, F task) {
  std::promise<decltype(task())> done;
  auto result = done.get_future();
  loop.post([&] {
    if constexpr (std::is_void_v<decltype(task())>) {
      task();
      done.set_value();
    } else {
      done.set_value(task());
    }
  });
  return result.get();
}

PassConnection locked(const PassConnection& pass, const std::shared_ptr<std::mutex>& one_at_a_time) {
  return [pass, one_at_a_time](PassedConnection passed) {
    const std::lock_guard lock(*one_at_a_time);
    pass(std::move(passed));
  };
}

// A session may end meanwhile, and leave the list.
template <class Sessions, class F>
void for_each_of(const Sessions& sessions, F visit) {
  const std::vector<typename Sessions::value_type> all(sessions.begin(), sessions.end());
  for (auto* session : all) {
    if (sessions.contains(session)) visit(*session);
  }
}

}  // namespace

void Server::Parts::begin_dns(Connection connection, std::string unread) {
  EventLoop& loop = connection.loop;
  const std::size_t at = index_of(dns_loops, loop);
  boost::asio::co_spawn(loop.context(),
                        serve_dns(std::move(connection), responder, clock, *dns_states[at], listeners.dns_write_max,
                                  *dns_sessions[at], std::move(unread)),
                        log_exception);
}

void Server::Parts::begin_http(Connection connection, bool is_at_loopback, std::string unread) {
  EventLoop& loop = connection.loop;
  HttpBackend& backend = *http_backends[index_of(http_loops, loop)];
  boost::asio::co_spawn(loop.context(),
                        serve_http(std::move(connection), backend, listeners.hosts, is_at_loopback, std::move(unread)),
                        log_exception);
}

void Server::pause() {
  Parts& p = *parts_;
  run_on(*p.dns_loops.front(), [&] {
    for (const auto& listener : p.dns_tcp) listener->pause();
  });
  run_on(*p.http_loops.front(), [&] {
    for (const auto& listener : p.http) listener->pause();
  });
  const auto pause_all = [&](HttpBackend::Pause pause) {
    std::size_t in_request = 0;
    for (std::size_t i = 0; i < p.http_loops.size(); ++i) {
      in_request += run_on(*p.http_loops[i], [&backend = *p.http_backends[i], pause] {
        backend.pause = pause;
        return static_cast<std::size_t>(std::ranges::count_if(
            backend.sessions, [](const HttpSession* session) { return session->must_finish_request(); }));
      });
    }
    return in_request;
  };
  const auto end = std::chrono::steady_clock::now() + k_begun_requests_max;
  while (pause_all(HttpBackend::Pause::begun_only) > 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(k_look_again);
  }
  pause_all(HttpBackend::Pause::yes);
}

void Server::resume() {
  Parts& p = *parts_;
  for (std::size_t i = 0; i < p.http_loops.size(); ++i) {
    run_on(*p.http_loops[i], [&backend = *p.http_backends[i]] {
      backend.pause = HttpBackend::Pause::no;
      for_each_of(backend.sessions, [](HttpSession& session) { session.look_again(); });
    });
  }
  run_on(*p.http_loops.front(), [&] {
    for (const auto& listener : p.http) listener->resume();
  });
  run_on(*p.dns_loops.front(), [&] {
    for (const auto& listener : p.dns_tcp) listener->resume();
  });
}

SharedSockets Server::sockets() const {
  const Parts& p = *parts_;
  SharedSockets shared;
  std::size_t tcp = 0;
  for (const IpEndpoint& endpoint : p.dns_endpoints) {
    SharedSockets::Address address{.endpoint = endpoint, .udp = {}, .tcp = p.dns_tcp[tcp++]->descriptor()};
    for (const auto& worker : p.udp_workers) {
      if (worker->endpoint() == endpoint) address.udp.push_back(worker->descriptor());
    }
    shared.dns.push_back(std::move(address));
  }
  for (const IpEndpoint& endpoint : p.dns_tls_endpoints) {
    shared.dns_tls.push_back({.endpoint = endpoint, .udp = {}, .tcp = p.dns_tcp[tcp++]->descriptor()});
  }
  std::size_t http = 0;
  for (const IpEndpoint& endpoint : p.http_endpoints) {
    shared.http.push_back({.endpoint = endpoint, .udp = {}, .tcp = p.http[http++]->descriptor()});
  }
  for (const IpEndpoint& endpoint : p.https_endpoints) {
    shared.https.push_back({.endpoint = endpoint, .udp = {}, .tcp = p.http[http++]->descriptor()});
  }
  return shared;
}

void Server::Parts::wait_for_sessions(std::chrono::milliseconds at_most, const std::function<std::size_t()>& count) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (count() > 0 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(k_look_again);
}

void Server::pass_dns_connections(const PassConnection& pass, std::chrono::milliseconds at_most) {
  Parts& p = *parts_;
  const auto one_at_a_time = std::make_shared<std::mutex>();
  for (std::size_t i = 0; i < p.dns_loops.size(); ++i) {
    run_on(*p.dns_loops[i], [&, &sessions = *p.dns_sessions[i]] {
      sessions.pass = locked(pass, one_at_a_time);
      for_each_of(sessions.all, [](DnsSession& session) { session.hand_over(); });
    });
  }
  p.wait_for_sessions(at_most, [&] {
    std::size_t left = 0;
    for (std::size_t i = 0; i < p.dns_loops.size(); ++i) {
      left += run_on(*p.dns_loops[i], [&] { return p.dns_sessions[i]->all.size(); });
    }
    return left;
  });
}

void Server::pass_http_connections(const PassConnection& pass, std::chrono::milliseconds at_most) {
  Parts& p = *parts_;
  const auto one_at_a_time = std::make_shared<std::mutex>();
  for (std::size_t i = 0; i < p.http_loops.size(); ++i) {
    run_on(*p.http_loops[i], [&, &backend = *p.http_backends[i]] {
      backend.pass = locked(pass, one_at_a_time);
      backend.waits.close();
      backend.hub.close();
      for_each_of(backend.sessions, [](HttpSession& session) { session.hand_over(); });
    });
  }
  p.wait_for_sessions(at_most, [&] {
    std::size_t left = 0;
    for (std::size_t i = 0; i < p.http_loops.size(); ++i) {
      left += run_on(*p.http_loops[i], [&] { return p.http_backends[i]->sessions.size(); });
    }
    return left;
  });
}

void Server::stop_passing() {
  Parts& p = *parts_;
  for (std::size_t i = 0; i < p.http_loops.size(); ++i) {
    run_on(*p.http_loops[i], [&] { p.http_backends[i]->pass = {}; });
  }
  for (std::size_t i = 0; i < p.dns_loops.size(); ++i) {
    run_on(*p.dns_loops[i], [&] { p.dns_sessions[i]->pass = {}; });
  }
}

void Server::stop_udp() {
  for (const auto& worker : parts_->udp_workers) worker->stop();
}

void Server::adopt(PassedConnection passed) {
  Parts& p = *parts_;
  const bool is_dns = passed.protocol == PassedConnection::Protocol::dns;
  auto& loops = is_dns ? p.dns_loops : p.http_loops;
  EventLoop& loop = *loops[p.next_adopted++ % loops.size()];
  loop.post([&p, &loop, is_dns, passed = std::move(passed)]() mutable {
    std::optional<Connection> connection =
        adopt_connection(loop, std::move(passed.descriptor), is_dns ? p.dns_connections : p.http_connections,
                         is_dns ? p.dns_clients : p.http_clients);
    if (!connection) return;
    if (is_dns) {
      p.begin_dns(std::move(*connection), std::move(passed.unread));
    } else {
      const std::optional<IpEndpoint> here = own_endpoint(connection->socket.socket().native_handle());
      const bool is_at_loopback =
          here && here->address.is_loopback() && std::ranges::find(p.http_endpoints, *here) != p.http_endpoints.end();
      p.begin_http(std::move(*connection), is_at_loopback, std::move(passed.unread));
    }
  });
}

}  // namespace rollcall::net
