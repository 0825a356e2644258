// Two nodes and more on loopback, and a peer made by hand that may say anything.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "catch.h"
#include "cluster/wire/messages.h"
#include "net/peers/peer_key.h"
#include "net/peers/peers.h"

namespace rollcall::net::testing {

using namespace std::chrono_literals;
using cluster::PeerMessage;
using cluster::PeerRefusal;

// Waits for what happens on other threads; a test that waits in vain ends after a long time.
inline bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

// What a node has to say, as a test sets it.
class FakeService final : public cluster::PeerService {
 public:
  cluster::Incarnation incarnation = 1;
  std::atomic<std::size_t> items{2};
  std::atomic<int> polls{0};  // that it has answered
  std::atomic<std::uint64_t> sequence{0};
  std::atomic<bool> lies{false};

  [[nodiscard]] cluster::PollAnswer answer(const cluster::PollRequest& request) override {
    ++polls;
    cluster::PollAnswer answer{.incarnation = incarnation, .is_member = true, .applied = 7, .complete = true};
    if (request.to_incarnation != incarnation) return {.incarnation = incarnation};
    for (std::uint32_t i = 0; i < items; ++i) answer.items.push_back({{{i, 2, 3}}, i});
    sequence = request.fetched.sequence + items;
    answer.fetched = {lies ? request.fetched.sequence : sequence.load(), 4};
    return answer;
  }
  void take(const cluster::SentPoll& poll, const cluster::PollAnswer& answer) override {
    const std::scoped_lock hold(mutex_);
    taken_.emplace_back(poll, answer);
  }
  [[nodiscard]] cluster::DrainAnswer answer(const cluster::DrainQuestion& question) override {
    return {question.zone == "z.test" && question.revision == 9, 1'500ms};
  }

  [[nodiscard]] std::size_t taken() const {
    const std::scoped_lock hold(mutex_);
    return taken_.size();
  }
  [[nodiscard]] std::pair<cluster::SentPoll, cluster::PollAnswer> last() const {
    const std::scoped_lock hold(mutex_);
    return taken_.back();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<cluster::SentPoll, cluster::PollAnswer>> taken_;
};

struct Node {
  explicit Node(const std::string& name, PeerSettings settings = {}) {
    settings.cluster = settings.cluster.empty() ? "prod" : settings.cluster;
    settings.node = name;
    if (settings.listen.port == 0) settings.listen.address = *IpAddress::parse("127.0.0.1");
    auto opened = Peers::open(settings, service);
    if (!opened) FAIL(opened.error().message);
    peers = std::move(*opened);
    peers->start();
  }

  [[nodiscard]] std::string address() const { return peers->endpoint().text(); }
  [[nodiscard]] std::uint64_t refused(PeerRefusal reason) const {
    return peers->counters().refused[static_cast<std::size_t>(reason)];
  }
  void dial(const std::string& name, const std::string& address) { peers->set_peers({{name, 1, address}}); }
  void poll(const std::string& to, std::uint64_t sequence = 0, cluster::Incarnation incarnation = 1) {
    cluster::SentPoll poll;
    poll.to = to;
    poll.request = {.from = self, .from_incarnation = 5, .to_incarnation = incarnation, .fetched = {sequence, 0}};
    peers->send(poll);
  }
  // Polls until one more is answered, as the driver does.
  [[nodiscard]] bool exchanges_with(const std::string& name) {
    const std::size_t before = service.taken();
    return comes_true([&] {
      poll(name);
      std::this_thread::sleep_for(5ms);
      return service.taken() > before;
    });
  }

  FakeService service;
  std::string self = "n1";
  std::unique_ptr<Peers> peers;
};

// A blocking socket that speaks as a node that asks, or says anything.
class RawPeer {
 public:
  explicit RawPeer(const IpEndpoint& to) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;
  ~RawPeer() { ::close(socket_); }

  void send(Bytes octets) { static_cast<void>(::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL)); }
  void send(std::string_view text) { send(octets(text)); }
  std::vector<std::uint8_t> receive(std::size_t size) {
    std::vector<std::uint8_t> octets(size);
    std::size_t got = 0;
    while (got < size) {
      const ssize_t some = ::recv(socket_, octets.data() + got, size - got, 0);
      if (some <= 0) break;
      got += static_cast<std::size_t>(some);
    }
    octets.resize(got);
    return octets;
  }
  // The other end has ended the connection; what it has sent before is dropped.
  [[nodiscard]] bool is_ended() {
    while (true) {
      char octets[4'096];
      const ssize_t some = ::recv(socket_, octets, sizeof(octets), 0);
      if (some == 0 || (some < 0 && errno == ECONNRESET)) return true;
      if (some < 0) return false;
    }
  }

  static std::vector<std::uint8_t> frame(cluster::PeerBody body, std::size_t seal = 0, std::uint64_t number = 1) {
    std::vector<std::uint8_t> octets;
    cluster::write_frame({number, std::move(body)}, seal, octets);
    return octets;
  }
  std::vector<std::uint8_t> receive_frame() {
    std::vector<std::uint8_t> frame = receive(4);
    if (frame.size() < 4) return {};
    const std::vector<std::uint8_t> rest = receive(load_u32(frame.data()));
    frame.insert(frame.end(), rest.begin(), rest.end());
    return frame;
  }
  // Hello and ready as node `name`; with a key sealed.
  void greet(const std::string& name, const PeerKey* key = nullptr, const std::string& cluster = "prod") {
    const auto ours = frame(cluster::PeerHello{.cluster = cluster, .node = name, .is_sealed = key != nullptr});
    send(ours);
    const auto theirs = receive_frame();
    if (key != nullptr) seals.emplace(make_session(*key, ours, theirs));
    send_sealed(cluster::PeerReady{});
    receive_frame();
  }
  // The octets, to send them once more.
  std::vector<std::uint8_t> send_sealed(cluster::PeerBody body) {
    std::vector<std::uint8_t> octets = frame(std::move(body), seals ? cluster::k_seal_bytes : 0);
    if (seals) {
      const Sha256 seal = seals->asking.next(octets);
      octets.insert(octets.end(), seal.begin(), seal.end());
    }
    send(octets);
    return octets;
  }

  std::optional<PeerSession> seals;

 private:
  int socket_;
};

inline cluster::PollRequest poll_of(const std::string& name, std::uint64_t sequence = 0) {
  return {.from = name, .from_incarnation = 5, .to_incarnation = 1, .fetched = {sequence, 0}};
}

}  // namespace rollcall::net::testing
