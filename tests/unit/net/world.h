// The server with its sockets, on ports the system picks, over a roll in memory. The writer's commits can be held back.
#pragma once

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "answer/responder.h"
#include "answer/roster/roster.h"
#include "api/native/door.h"
#include "api/router.h"
#include "net/server.h"
#include "unit/answer/world.h"
#include "unit/net/client.h"
#include "unit/registry/authority.h"
#include "unit/registry/writer_world.h"

namespace rollcall::net::testing {

using namespace std::chrono_literals;

class FakeServer final : public api::native::ServerView {
 public:
  std::string_view version() const override { return "0.0.0"; }
  std::string metrics = "rollcall_up 1\n";  // set before the first request

  [[nodiscard]] std::string status_json(const api::Grant&) const override { return "{}"; }
  [[nodiscard]] std::string nodes_json() const override { return "{}"; }
  [[nodiscard]] api::native::Explanation explain(const dns::Name&, dns::Type) const override { return {"{}", {}}; }
  [[nodiscard]] std::string metrics_text(const api::Grant&) const override { return metrics; }
  [[nodiscard]] std::string unready_reason() const override { return ""; }
  [[nodiscard]] registry::LeaseBounds lease_bounds() const override { return {}; }
};

struct Connections {
  std::size_t dns = 1000;
  std::size_t http = 1000;
  AnswerTimes times = {};
  std::size_t feed = limits::k_feed_events_max;
  std::chrono::milliseconds dns_write = limits::k_write;
  std::size_t held = limits::k_http_held_total_bytes_max;
  CertificateFiles certificate = {};  // of HTTPS, where there is one
};

// A stored history that answers at once, from what the test has put into it.
class MemoryHistory final : public registry::History {
 public:
  [[nodiscard]] bool read(registry::HistoryQuery query, Reply reply) override {
    if (is_full) return false;
    registry::HistoryPage page;
    page.upto = query.after.value_or(0);
    page.oldest = events.empty() ? 0 : events.front().id;
    for (const registry::Event& event : events) {
      if (query.after && event.id <= *query.after) continue;
      if (page.first == 0) page.first = event.id;
      if (page.events.size() == query.limit || is_stuck) break;
      page.upto = event.id;
      if (query.what.takes(event)) page.events.push_back(event);
    }
    ++pages;
    if (!query.after) std::ranges::reverse(page.events);
    const std::lock_guard lock(mutex_);
    if (is_held) {
      held_.emplace_back(std::move(page), std::move(reply));
    } else {
      reply(std::move(page));
    }
    return true;
  }
  // Answers everything that is held back. Returns how many that was.
  std::size_t let_go() {
    const std::lock_guard lock(mutex_);
    for (auto& [page, reply] : held_) reply(std::move(page));
    return std::exchange(held_, {}).size();
  }
  [[nodiscard]] std::uint64_t size() const noexcept override { return events.size(); }

  std::vector<registry::Event> events;  // set before the first question
  bool is_full = false;
  bool is_stuck = false;             // says that there is more, and never gives it
  std::atomic<bool> is_held{false};  // answers wait for `let_go`: a slow disk
  std::atomic<int> pages{0};

 private:
  std::mutex mutex_;
  std::vector<std::pair<registry::HistoryPage, Reply>> held_;
};

// Both are shown the roll.
class TwoAudiences final : public registry::Audience {
 public:
  TwoAudiences(registry::Audience& first, registry::Audience& second) : first_(first), second_(second) {}
  void publish(const registry::Service& service) override {
    first_.publish(service);
    second_.publish(service);
  }
  void withdraw(const registry::ServiceRef& service) override {
    first_.withdraw(service);
    second_.withdraw(service);
  }
  [[nodiscard]] registry::LeaseTime answered_until(const registry::ServiceRef& service,
                                                   registry::LeaseTime now) const override {
    return std::max(first_.answered_until(service, now), second_.answered_until(service, now));
  }

 private:
  registry::Audience& first_;
  registry::Audience& second_;
};

inline Listeners loopback(const Connections& most) {
  const IpEndpoint any_port = *IpEndpoint::parse("127.0.0.1:0");
  const bool has_tls = !most.certificate.certificate.empty();
  return {.dns = {any_port},
          .http = {any_port},
          .dns_workers = 2,
          .dns_connections_max = most.dns,
          .http_connections_max = most.http,
          .https = has_tls ? std::vector{any_port} : std::vector<IpEndpoint>(),
          .certificates = {.dns = {}, .http = most.certificate},
          .http_times = most.times,
          .dns_write_max = most.dns_write,
          .http_held_bytes_max = most.held};
}

class World {
 public:
  explicit World(const Connections& most = {})
      : feed_(most.feed),
        server_(std::move(Server::bind(loopback(most), responder_, api_, writer_, clock_, {feed_, history_}).value())),
        writing_([this](const std::stop_token& stop) {
          const rcu::Thread reader;
          writer_.run(stop);
        }) {
    server_->start();
  }
  ~World() { stop(); }

  void stop() {
    gate_.open();
    history_.is_held = false;
    static_cast<void>(history_.let_go());
    server_->close_listeners();
    writing_.request_stop();
    if (writing_.joinable()) writing_.join();
    server_->stop();
  }

  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] registry::Waiters& waiters() { return waiters_; }
  [[nodiscard]] registry::Feed& feed() { return feed_; }
  [[nodiscard]] MemoryHistory& history() { return history_; }
  [[nodiscard]] FakeServer& fake() { return fake_; }
  // From now on a node of a cluster.
  void decide() {
    std::promise<void> done;
    writer_.run_soon([&] {
      registry_.let_decide(authority_);
      done.set_value();
    });
    done.get_future().wait();
  }
  [[nodiscard]] registry::testing::ScriptedAuthority& authority() { return authority_; }
  // Until so many calls wait for a service.
  void wait_for_waiters(std::size_t count) const {
    while (waiters_.count() != count) std::this_thread::yield();
  }
  // The sum over the loops.
  [[nodiscard]] std::uint64_t counted(std::atomic<std::uint64_t> api::Counters::* counter) const {
    std::uint64_t sum = 0;
    for (const api::Counters* loop : server_->http_counters()) sum += (loop->*counter).load();
    return sum;
  }
  [[nodiscard]] Client http() const { return Client(server_->http_endpoints().front()); }
  [[nodiscard]] Client dns() const { return Client(server_->dns_endpoints().front()); }
  [[nodiscard]] Client dns_udp() const { return Client(server_->dns_endpoints().front(), SOCK_DGRAM); }

  void pass(registry::LeaseTime::duration time) { clock_.advance(time); }

  // From now on the next commit waits until the gate is opened.
  registry::testing::Gate& hold_the_journal() {
    journal_.on_record = [this](const registry::Transaction&) { gate_.enter(); };
    return gate_;
  }
  void add(std::string service, std::string id) {
    std::promise<bool> added;
    const bool taken = writer_.submit(registry::testing::adding(std::move(service), std::move(id)),
                                      [&](const registry::Outcome& outcome) { added.set_value(outcome.has_value()); });
    if (!taken || !added.get_future().get()) throw std::runtime_error("the registration failed");
  }

 private:
  registry::testing::MemoryJournal journal_;
  registry::testing::ScriptedAuthority authority_;
  registry::testing::Gate gate_;
  answer::Zones zones_{answer::testing::make_zones(answer::testing::k_zone_text, {})};
  answer::Roster roster_{zones_, [](const registry::ServiceRef&) { return answer::AnswerPolicy{}; }};
  registry::testing::SharedClock clock_;
  registry::Waiters waiters_;
  TwoAudiences audiences_{roster_, waiters_};
  registry::Feed feed_;
  MemoryHistory history_;
  registry::Registry registry_{journal_, audiences_, zones_, 1h, &feed_};
  registry::Writer writer_{registry_, clock_};
  FakeServer fake_;
  api::Access access_{api::AccessRules{}};
  api::native::NativeDoor door_{fake_};
  api::Router api_{registry_, zones_, waiters_, access_, {&door_}};
  answer::Responder responder_{zones_, roster_, {.udp_payload = 1232}};
  std::unique_ptr<Server> server_;
  std::jthread writing_;
};

// A request with a body, and one without.
inline std::string request(std::string_view line, std::string_view body, std::string_view fields = "") {
  return std::string(line) + " HTTP/1.1\r\nHost: test\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
inline std::string request(std::string_view line) { return std::string(line) + " HTTP/1.1\r\nHost: test\r\n\r\n"; }

inline std::string registration(std::string_view id) {
  return request("PUT /v1/services/web/instances/" + std::string(id), R"({"address":"192.0.2.1","port":8080})");
}

inline std::vector<std::uint8_t> with_length(const std::vector<std::uint8_t>& message) {
  std::vector<std::uint8_t> framed(2);
  store_u16(framed.data(), static_cast<std::uint16_t>(message.size()));
  std::ranges::copy(message, std::back_inserter(framed));
  return framed;
}

}  // namespace rollcall::net::testing
