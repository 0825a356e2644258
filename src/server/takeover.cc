#include "server/takeover.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>
#include <utility>

#include "base/log.h"
#include "ops/settings.h"
#include "server/handover.h"
#include "server/handover_state.h"
#include "store/sqlite_storage.h"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;

constexpr auto k_answer_max = 10s;
constexpr auto k_freeze_answer_max = 10s;  // the old one waits until its writer is idle
constexpr auto k_dns_over_max = 2s;
constexpr auto k_last_connections_max = 30s;

std::unexpected<Error> refuse(std::string_view why) {
  return failure(Errc::start_up, fmt::format("nothing is taken over, the running rollcalld goes on: {}", why));
}

std::optional<std::string> read_whole(const net::Descriptor& file) {
  std::string octets;
  std::array<char, 1 << 16> part{};
  for (off_t at = 0;; at = static_cast<off_t>(octets.size())) {
    const ssize_t got = ::pread(file.get(), part.data(), part.size(), at);
    if (got < 0) return std::nullopt;
    if (got == 0) return octets;
    octets.append(part.data(), static_cast<std::size_t>(got));
  }
}

bool is_wanted(const IpEndpoint& wanted, const IpEndpoint& there) {
  return wanted == there || (wanted.port == 0 && wanted.address == there.address);
}

// Moves those at the addresses of the settings; the rest are bound.
std::vector<net::TcpSocket> pick(std::vector<net::TcpSocket>& there, const std::vector<IpEndpoint>& wanted) {
  std::vector<net::TcpSocket> picked;
  for (const IpEndpoint& each : wanted) {
    const auto at = std::ranges::find_if(there, [&](const auto& socket) { return is_wanted(each, socket.endpoint); });
    if (at == there.end()) continue;
    picked.push_back(std::move(*at));
    there.erase(at);
  }
  return picked;
}

void adopt(net::Server& net, net::Channel::Message message) {
  if (message.descriptors.empty()) return;
  std::string unread = std::move(message.rest);
  if (message.descriptors.size() > 1) unread = read_whole(message.descriptors[1]).value_or("");
  const bool is_dns = message.word == "dns-connection";
  net.adopt({is_dns ? net::PassedConnection::Protocol::dns : net::PassedConnection::Protocol::http,
             std::move(message.descriptors.front()), std::move(unread)});
}

}  // namespace

Result<std::unique_ptr<Takeover>> Takeover::begin(const ops::Settings& settings) {
  std::optional<net::Channel> channel = net::Channel::connect(handover_path(settings.store_path));
  if (!channel) return std::unique_ptr<Takeover>();
  if (!channel->is_of_same_user()) return refuse("it belongs to another user");
  if (!channel->send("hello", std::to_string(store::known_schema()))) return refuse("it has ended");
  std::optional<net::Channel::Message> answer = channel->receive(k_answer_max);
  if (!answer) return refuse("it does not answer");
  if (answer->word == "refused") return refuse(answer->rest);
  if (answer->word != "welcome" || answer->descriptors.size() != 1) return refuse("it speaks otherwise");
  int schema = 0;
  std::from_chars(answer->rest.data(), answer->rest.data() + answer->rest.size(), schema);
  if (schema > store::known_schema()) {
    return refuse(
        fmt::format("its database has schema version {}, and this rollcalld knows versions up to {}: use a newer "
                    "rollcalld",
                    schema, store::known_schema()));
  }
  std::unique_ptr<Takeover> takeover(new Takeover(std::move(*channel)));
  takeover->lock_.emplace(store::DatabaseLock::adopt(answer->descriptors.front().release()));
  takeover->migrates_ = schema < store::known_schema();
  if (const Result<void> taken = takeover->take_all(); !taken) return std::unexpected(taken.error());
  return takeover;
}

store::DatabaseLock Takeover::take_lock() {
  store::DatabaseLock lock = std::move(*lock_);
  lock_.reset();
  return lock;
}

Result<void> Takeover::take_all() {
  while (std::optional<net::Channel::Message> message = channel_.receive(k_answer_max)) {
    if (message->word == "all") return {};
    if (message->word == "cookies") {
      cookies_ = std::move(message->rest);
    } else if (!take_socket(std::move(*message))) {
      return refuse("what it hands over cannot be read");
    }
  }
  return refuse("it has ended");
}

bool Takeover::take_socket(net::Channel::Message message) {
  const std::optional<IpEndpoint> endpoint = IpEndpoint::parse(message.rest);
  if (!endpoint || message.descriptors.empty()) return false;
  net::TcpSocket tcp{.endpoint = *endpoint, .descriptor = std::move(message.descriptors.front())};
  if (message.word == "dns") {
    auto at = std::ranges::find(given_.dns, *endpoint, &net::DnsSockets::endpoint);
    if (at == given_.dns.end())
      at = given_.dns.insert(at, net::DnsSockets{.endpoint = *endpoint, .udp = {}, .tcp = {}});
    at->tcp = std::move(tcp.descriptor);
    for (std::size_t i = 1; i < message.descriptors.size(); ++i) at->udp.push_back(std::move(message.descriptors[i]));
    return true;
  }
  std::vector<net::TcpSocket>* const to = message.word == "dot"     ? &given_.dns_tls
                                          : message.word == "http"  ? &given_.http
                                          : message.word == "https" ? &given_.https
                                                                    : nullptr;
  if (to == nullptr) return false;
  to->push_back(std::move(tcp));
  return true;
}

Result<void> Takeover::freeze(const registry::ZoneDirectory& zones) {
  if (std::exchange(is_frozen_, true)) return {};
  frozen_at_ = std::chrono::steady_clock::now();
  if (!channel_.send("freeze")) return refuse("it has ended");
  const std::optional<net::Channel::Message> message = channel_.receive(k_freeze_answer_max);
  if (!message || message->word != "state" || message->descriptors.size() != 1) return refuse("it does not hand over");
  const std::optional<std::string> octets = read_whole(message->descriptors.front());
  std::optional<registry::HandedRoll> roll = octets ? read_roll(*octets, zones) : std::nullopt;
  if (!roll) return refuse("what it hands over cannot be read");
  roll_ = std::move(*roll);
  return {};
}

// Where a service manager gave the sockets, it gave them to the old process: its environment is ours.
net::GivenSockets Takeover::take_sockets(const ops::Settings& settings) {
  if (std::getenv("LISTEN_FDS") != nullptr) return std::move(given_);
  net::GivenSockets picked;
  picked.stand_for_kinds = false;
  for (const IpEndpoint& each : settings.dns_listen) {
    const auto at =
        std::ranges::find_if(given_.dns, [&](const auto& there) { return is_wanted(each, there.endpoint); });
    if (at == given_.dns.end()) continue;
    picked.dns.push_back(std::move(*at));
    given_.dns.erase(at);
  }
  picked.dns_tls = pick(given_.dns_tls, settings.dns_tls.listen);
  picked.http = pick(given_.http, settings.http_listen);
  picked.https = pick(given_.https, settings.http_tls.listen);
  given_ = {};
  return picked;
}

Result<void> Takeover::go() {
  if (!channel_.send("ready")) return refuse("it has ended");
  const std::optional<net::Channel::Message> answer = channel_.receive(k_answer_max);
  if (!answer || answer->word != "go") return refuse("it goes on by itself");
  return {};
}

void Takeover::serve_dns(net::Server& net) {
  static_cast<void>(channel_.send("serving"));
  const auto end = std::chrono::steady_clock::now() + k_dns_over_max;
  while (std::chrono::steady_clock::now() < end) {
    std::optional<net::Channel::Message> message = channel_.receive(k_dns_over_max);
    if (!message || message->word == "dns-over") return;
    adopt(net, std::move(*message));
  }
}

std::chrono::milliseconds Takeover::adopt_http(net::Server& net) {
  const auto waited =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - frozen_at_);
  log::info("taken over from process {}; changes and heartbeats waited for {} ms", channel_.peer(), waited.count());
  connections_ = std::jthread([this, &net] {
    pthread_setname_np(pthread_self(), "takeover");
    while (std::optional<net::Channel::Message> message = channel_.receive(k_last_connections_max)) {
      if (message->word == "end") return;
      adopt(net, std::move(*message));
    }
  });
  return waited;
}

}  // namespace rollcall::server
