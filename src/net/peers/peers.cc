#include "net/peers/peers.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/connection_counters.h"
#include "base/limits.h"
#include "cluster/keys.h"
#include "net/checks/host_names.h"
#include "net/peers/peer_answerer.h"
#include "net/peers/peer_asker.h"
#include "net/peers/peer_tls.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;

// What the settings name, read and checked.
struct Trust {
  std::optional<PeerKey> key;
  PeerTls tls;
};

Result<Trust> load_trust(const PeerSettings& settings) {
  Trust trust;
  const bool has_tls = !settings.certificate.empty() || !settings.key.empty() || !settings.authority.empty();
  if (has_tls) {
    auto tls = PeerTls::load(settings.certificate, settings.key, settings.authority);
    if (!tls) return std::unexpected(tls.error());
    trust.tls = std::move(*tls);
  }
  if (!settings.key_file.empty()) {
    auto key = PeerKey::load(settings.key_file);
    if (!key) return std::unexpected(key.error());
    trust.key = std::move(*key);
  }
  if (has_tls || trust.key || settings.listen.address.is_loopback()) return trust;
  return failure(
      Errc::start_up,
      fmt::format("other nodes cannot be listened for on {} without cluster.tls or cluster.key_file: anybody "
                  "could say that heartbeats were heard",
                  settings.listen.text()));
}

}  // namespace

// Members in the order of their lives: what coroutines touch goes after the loop, what holds sockets or timers before it.
class Peers::Parts {
 public:
  Parts(const PeerSettings& settings, Trust trust, TcpSocket socket, cluster::PeerService& service)
      : endpoint(socket.endpoint),
        service_(service),
        self_{settings.cluster, settings.node, std::move(trust.key)},
        tls_(std::move(trust.tls)),
        answerer_(self_, service_, counts_),
        listener_(*loops_.front(), std::move(socket.descriptor), loops_,
                  {limits::k_peer_connections_max, connections_, clients_}, tls_.server.get(),
                  [this](Connection connection) { serve(std::move(connection)); }) {}

  void start() {
    asio::co_spawn(loop().context(), listener_.run(), asio::detached);
    loop().start("peers");
    is_running_ = true;
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      if (!is_running_.exchange(false)) return;
    }
    listener_.close();
    loop().post([this] {
      for (const auto& [name, asker] : askers_) asker->close();
      answerer_.close_all();
    });
    loop().stop();
    // What the loop has not come to any more.
    std::map<std::uint64_t, Question> left;
    {
      const std::lock_guard lock(mutex_);
      left.swap(questions_);
    }
    for (auto& [number, question] : left) question.reply(std::nullopt);
  }

  // Runs on the loop's thread; not at all once it is stopped.
  void post(std::move_only_function<void()> task) { loop().post(std::move(task)); }

  void set_peers(const std::vector<cluster::PeerAddress>& peers) {
    std::map<std::string, std::shared_ptr<PeerAsker>> kept;
    for (const cluster::PeerAddress& peer : peers) {
      if (peer.name == self_.node || kept.contains(peer.name)) continue;
      const auto known = askers_.find(peer.name);
      if (known != askers_.end() && known->second->peer().address == peer.address) {
        kept.insert(askers_.extract(known));
        continue;
      }
      auto asker = std::make_shared<PeerAsker>(shared_, peer);
      asker->start();
      kept.emplace(peer.name, std::move(asker));
    }
    for (const auto& [name, asker] : askers_) asker->close();
    askers_ = std::move(kept);
  }

  void send(cluster::SentPoll poll) {
    self_.incarnation = poll.request.from_incarnation;
    const auto asker = askers_.find(poll.to);
    if (asker == askers_.end()) return PeerCounts::add(counts_.polls_given_up);
    asker->second->send(std::move(poll));
  }

  // Kept until the loop comes to it: when that is stopped before, `stop` replies. False: it has stopped.
  [[nodiscard]] bool keep(std::string peer, cluster::DrainQuestion question, PeerAsker::DrainReply& reply) {
    std::uint64_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      if (!is_running_) return false;
      number = next_question_++;
      questions_.emplace(number, Question{std::move(peer), std::move(question), std::move(reply)});
    }
    post([this, number] { ask(number); });
    return true;
  }

  [[nodiscard]] cluster::PeerCounters counters() const {
    cluster::PeerCounters read = counts_.read();
    read.refused[static_cast<std::size_t>(cluster::PeerRefusal::crowded)] +=
        connections_.refused.load(std::memory_order_relaxed);
    return read;
  }

  const IpEndpoint endpoint;

 private:
  struct Question {
    std::string peer;
    cluster::DrainQuestion question;
    PeerAsker::DrainReply reply;
  };
  void ask(std::uint64_t number) {
    std::optional<Question> asked;
    {
      const std::lock_guard lock(mutex_);
      const auto at = questions_.find(number);
      if (at == questions_.end()) return;
      asked = std::move(at->second);
      questions_.erase(at);
    }
    const auto asker = askers_.find(asked->peer);
    if (asker == askers_.end()) return asked->reply(std::nullopt);
    asker->second->ask(std::move(asked->question), std::move(asked->reply));
  }

  [[nodiscard]] EventLoop& loop() { return *loops_.front(); }
  void serve(Connection connection) {
    asio::co_spawn(loop().context(), answerer_.serve(std::move(connection)), asio::detached);
  }

  cluster::PeerService& service_;
  PeerSelf self_;
  PeerTls tls_;
  PeerCounts counts_;
  ConnectionCounters connections_;
  ClientLimit clients_{limits::k_peer_connections_of_address_max};
  PeerAnswerer answerer_;
  std::atomic<bool> is_running_{false};
  std::mutex mutex_;  // of what follows, and of is_running_ becoming false
  std::map<std::uint64_t, Question> questions_;
  std::uint64_t next_question_ = 0;
  std::vector<std::unique_ptr<EventLoop>> loops_ = [] {
    std::vector<std::unique_ptr<EventLoop>> one;
    one.push_back(std::make_unique<EventLoop>());
    return one;
  }();
  HostNames names_{loop()};
  PeerAskers shared_{loop(), names_, self_, service_, counts_, tls_.client};
  TcpListener listener_;
  std::map<std::string, std::shared_ptr<PeerAsker>> askers_;
};

Peers::Peers(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Peers::~Peers() { stop(); }

Result<std::unique_ptr<Peers>> Peers::open(const PeerSettings& settings, cluster::PeerService& service) {
  check(cluster::is_node_name(settings.cluster) && cluster::is_node_name(settings.node),
        "names of a cluster and its nodes are labels");
  Result<Trust> trust = load_trust(settings);
  if (!trust) return std::unexpected(trust.error());
  Result<TcpSocket> socket = bind_tcp(settings.listen);
  if (!socket) return std::unexpected(socket.error());
  return std::unique_ptr<Peers>(
      new Peers(std::make_unique<Parts>(settings, std::move(*trust), std::move(*socket), service)));
}

void Peers::start() { parts_->start(); }
void Peers::stop() { parts_->stop(); }
const IpEndpoint& Peers::endpoint() const { return parts_->endpoint; }

void Peers::set_peers(std::vector<cluster::PeerAddress> peers) {
  parts_->post([this, peers = std::move(peers)] { parts_->set_peers(peers); });
}

void Peers::send(cluster::SentPoll poll) {
  parts_->post([this, poll = std::move(poll)]() mutable { parts_->send(std::move(poll)); });
}

void Peers::ask(const std::string& peer, cluster::DrainQuestion question,
                std::function<void(std::optional<cluster::DrainAnswer>)> reply) {
  if (!parts_->keep(peer, std::move(question), reply)) reply(std::nullopt);
}

cluster::PeerCounters Peers::counters() const { return parts_->counters(); }

}  // namespace rollcall::net
