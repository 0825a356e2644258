#include "server/handover.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rcu.h"
#include "net/server.h"
#include "net/supervisor/successor.h"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;

constexpr auto k_hello_max = 5s;
constexpr auto k_hello_of_refused_max = 1s;
constexpr auto k_prepare_max = 10min;  // the new one restores meanwhile, and everything goes on
constexpr auto k_freeze_max = 1s;      // changes and heartbeats wait
constexpr auto k_migration_max = 10min;
constexpr auto k_last_dns_max = 200ms;  // a transfer that takes longer is broken off
constexpr auto k_last_answers_max = 5s;
constexpr auto k_start_max = 5s;  // from `go` to `serving`: there is no way back without an end of this process
constexpr auto k_end_max = 10s;

// Before this process writes again: one that only was too slow must not come to writing later.
bool ends_for_sure(const net::Channel& channel) {
  if (channel.is_over()) return true;
  const net::ProcessEnd end(channel.peer());
  ::kill(channel.peer(), SIGKILL);
  return end.is_told() ? end.comes_within(k_end_max) : channel.is_over();
}

// Anonymous, so that it goes with its last reader.
net::Descriptor file_of(std::string_view octets) {
  net::Descriptor file(static_cast<int>(syscall(SYS_memfd_create, "rollcall-state", 1U /* MFD_CLOEXEC */)));
  while (file.get() >= 0 && !octets.empty()) {
    const ssize_t written = ::write(file.get(), octets.data(), octets.size());
    if (written <= 0) return {};
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
  return file;
}

// What was read of it stands in the message, or, where that is long, in a file beside it.
void give(net::Channel& channel, std::string_view word, const net::PassedConnection& passed) {
  if (passed.descriptor.get() < 0) return;
  if (passed.unread.size() <= net::Channel::k_message_bytes_max / 2) {
    static_cast<void>(channel.send(word, passed.unread, std::array{passed.descriptor.get()}));
    return;
  }
  const net::Descriptor file = file_of(passed.unread);
  if (file.get() < 0) return;
  static_cast<void>(channel.send(word, {}, std::array{passed.descriptor.get(), file.get()}));
}

}  // namespace

std::filesystem::path handover_path(const std::filesystem::path& database) {
  std::filesystem::path path = database;
  path += ".handover";
  return path;
}

Handover::Handover(const std::filesystem::path& database, HandoverParts parts)
    : path_(handover_path(database)), parts_(std::move(parts)) {
  Result<net::ChannelListener> listener = net::ChannelListener::listen(path_);
  if (!listener) {
    log::warn("an upgrade will have a gap: {}", listener.error().message);
    return;
  }
  listener_.emplace(std::move(*listener));
  thread_ = std::jthread([this] {
    pthread_setname_np(pthread_self(), "handover");
    listen();
  });
}

Handover::~Handover() { close(); }

void Handover::close() {
  if (!listener_) return;
  listener_->close();
  if (thread_.joinable()) thread_.join();
  channel_.with([](net::Channel* channel) {
    if (channel != nullptr) channel->close();
  });
  if (conversation_.joinable()) conversation_.join();
  if (!is_handed_over_) ::unlink(path_.c_str());
  listener_.reset();
}

void Handover::listen() {
  while (std::optional<net::Channel> channel = listener_->accept()) {
    if (const pid_t other = busy_with_; other != 0) {
      static_cast<void>(channel->receive(k_hello_of_refused_max));  // what it says must be taken, or the answer is lost
      static_cast<void>(channel->send("refused", fmt::format("another upgrade is under way (process {})", other)));
      continue;
    }
    if (is_handed_over_) continue;
    if (conversation_.joinable()) conversation_.join();
    busy_with_ = channel->peer();
    last_peer_ = channel->peer();
    conversation_ = std::jthread([this, mine = std::move(*channel)]() mutable {
      pthread_setname_np(pthread_self(), "handover-talk");
      const rcu::Thread reader;
      serve(std::move(mine));
    });
  }
}

void Handover::serve(net::Channel channel) {
  const pid_t peer = channel.peer();
  channel_.with([&](net::Channel*& current) { current = &channel; });
  log::info("process {} begins to take over", peer);
  const bool is_over = converse(channel);
  channel_.with([](net::Channel*& current) { current = nullptr; });
  if (!is_over) busy_with_ = 0;
}

bool Handover::refuse_older(net::Channel& channel, int schema) const {
  if (schema >= parts_.schema) return false;
  static_cast<void>(channel.send(
      "refused", fmt::format("the running rollcalld has a database with schema version {}, and this one knows versions "
                             "up to {}: use a newer rollcalld",
                             parts_.schema, schema)));
  return true;
}

// True: the other process serves, or this one cannot go on.
bool Handover::converse(net::Channel& channel) {
  const auto give_up = [&](std::string_view why) {
    log::warn("process {} does not take over, this one goes on: {}", channel.peer(), why);
    parts_.failed(channel.peer(), why);
    return false;
  };
  std::optional<net::Channel::Message> message = channel.receive(k_hello_max);
  if (!message || message->word != "hello") return give_up("it does not say what it is");
  int schema = 0;
  std::from_chars(message->rest.data(), message->rest.data() + message->rest.size(), schema);
  if (refuse_older(channel, schema)) return give_up("it is older than the database");
  const int lock = parts_.lock_descriptor;
  if (!channel.send("welcome", std::to_string(parts_.schema), {&lock, 1}) || !give_sockets(channel) ||
      !channel.send("cookies", parts_.cookies) || !channel.send("all")) {
    return give_up("it has ended");
  }
  message = channel.receive(k_prepare_max);
  if (!message || message->word != "freeze") return give_up("it has ended while it prepared itself; its log says why");
  const bool migrates = schema > parts_.schema;
  if (migrates)
    log::warn("the database is migrated from schema {} to {}: changes and heartbeats wait", parts_.schema, schema);
  return hand_over(channel, migrates);
}

bool Handover::hand_over(net::Channel& channel, bool migrates) {
  const auto begin = std::chrono::steady_clock::now();
  const auto waited = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  };
  const auto end = begin + (migrates ? std::chrono::milliseconds(k_migration_max) : k_freeze_max);
  const auto left = [&] {
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()), 0ms);
  };
  const std::optional<std::string> roll = parts_.freeze();
  enum class Peer : std::uint8_t { can_write, waits };
  const auto thaw = [&](std::string_view why, Peer peer = Peer::can_write) {
    if ((peer == Peer::waits || ends_for_sure(channel)) && parts_.thaw()) {
      log::warn("process {} does not take over, this one goes on after {} ms: {}", channel.peer(), waited().count(),
                why);
      parts_.failed(channel.peer(), why);
      return false;
    }
    log::error("process {} has written to the database and did not answer: this one cannot go on, and ends",
               channel.peer());
    parts_.over(0);
    return true;
  };
  const auto late_or_gone = [&](std::string_view gone) {
    return thaw(left() > 0ms ? gone : "it took too long, and changes and heartbeats waited; try again");
  };
  if (!roll) return thaw("the database cannot be written now", Peer::waits);
  const net::Descriptor file = file_of(*roll);
  const int descriptor = file.get();
  if (descriptor < 0 || !channel.send("state", {}, {&descriptor, 1}))
    return thaw("it could not be given the roll", Peer::waits);
  std::optional<net::Channel::Message> message = channel.receive(left());
  if (!message || message->word != "ready") return late_or_gone("it has ended before it was ready; its log says why");
  if (!channel.send("go")) return thaw("it has ended before it began to answer");
  message = channel.receive(k_start_max);
  if (!message || message->word != "serving") return late_or_gone("it has ended before it answered");
  is_handed_over_ = true;
  parts_.serves(channel.peer());
  give_dns(channel);
  log::info("process {} has taken over; changes and heartbeats waited for {} ms", channel.peer(), waited().count());
  give_http(channel);
  parts_.over(channel.peer());
  return true;
}

bool Handover::give_sockets(net::Channel& channel) const {
  const net::SharedSockets shared = parts_.net.sockets();
  const auto give = [&](std::string_view kind, const std::vector<net::SharedSockets::Address>& addresses) {
    for (const net::SharedSockets::Address& each : addresses) {
      std::vector<int> descriptors{each.tcp};
      descriptors.insert(descriptors.end(), each.udp.begin(), each.udp.end());
      // The first of each message is the TCP socket; more than fit come with it again.
      for (std::size_t at = 1; at == 1 || at < descriptors.size(); at += net::Channel::k_descriptors_max - 1) {
        std::vector<int> part{descriptors.front()};
        const std::size_t end = std::min(at + net::Channel::k_descriptors_max - 1, descriptors.size());
        part.insert(part.end(), descriptors.begin() + static_cast<std::ptrdiff_t>(at),
                    descriptors.begin() + static_cast<std::ptrdiff_t>(end));
        if (!channel.send(kind, each.endpoint.text(), part)) return false;
      }
    }
    return true;
  };
  return give("dns", shared.dns) && give("dot", shared.dns_tls) && give("http", shared.http) &&
         give("https", shared.https);
}

void Handover::give_dns(net::Channel& channel) const {
  parts_.net.stop_udp();
  parts_.net.pass_dns_connections([&](const net::PassedConnection& passed) { give(channel, "dns-connection", passed); },
                                  k_last_dns_max);
  static_cast<void>(channel.send("dns-over"));
}

void Handover::give_http(net::Channel& channel) const {
  parts_.net.pass_http_connections(
      [&](const net::PassedConnection& passed) { give(channel, "http-connection", passed); }, k_last_answers_max);
  parts_.net.stop_passing();
  static_cast<void>(channel.send("end"));
}

}  // namespace rollcall::server
