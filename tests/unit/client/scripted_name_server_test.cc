#include "unit/client/scripted_name_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.h"
#include "dns/query.h"

namespace rollcall::client {
namespace {

constexpr int k_look_every_ms = 20;

int bound_socket(int type, std::uint16_t port) {
  const int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return descriptor;
  close(descriptor);
  return -1;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

ScriptedNameServer::ScriptedNameServer() {
  for (int i = 0; i < 50 && tcp_ < 0; ++i) {  // a port that is free for both
    if (udp_ >= 0) close(udp_);
    udp_ = bound_socket(SOCK_DGRAM, 0);
    port_ = port_of(udp_);
    tcp_ = bound_socket(SOCK_STREAM, port_);
  }
  REQUIRE(tcp_ >= 0);
  REQUIRE(listen(tcp_, 16) == 0);
  thread_ = std::thread([this] { run(); });
}

ScriptedNameServer::~ScriptedNameServer() {
  is_stopping_ = true;
  thread_.join();
  close(udp_);
  close(tcp_);
}

std::string ScriptedNameServer::address() const { return "127.0.0.1:" + std::to_string(port_); }

void ScriptedNameServer::set(const std::string& owner, dns::Type type, Reply reply) {
  const std::lock_guard lock(mutex_);
  replies_[{name(owner).folded_wire(), type}] = std::move(reply);
}

void ScriptedNameServer::set_over_tcp(const std::string& owner, dns::Type type, Reply reply) {
  const std::lock_guard lock(mutex_);
  tcp_replies_[{name(owner).folded_wire(), type}] = std::move(reply);
}

void ScriptedNameServer::run() {
  while (!is_stopping_) {
    pollfd polled[2]{{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
    poll(polled, 2, k_look_every_ms);
    if (polled[0].revents != 0) answer_datagram();
    if (polled[1].revents != 0) answer_connection();
  }
}

void ScriptedNameServer::answer_datagram() {
  std::uint8_t room[2048];
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  const ssize_t got = recvfrom(udp_, room, sizeof room, 0, reinterpret_cast<sockaddr*>(&peer), &size);
  if (got <= 0) return;
  const auto reply = reply_to({room, static_cast<std::size_t>(got)}, false);
  if (reply.empty()) return;
  sendto(udp_, reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&peer), size);
}

// One question of one connection: c-ares closes it afterwards.
void ScriptedNameServer::answer_connection() {
  const int peer = accept(tcp_, nullptr, nullptr);
  std::uint8_t room[2048];
  if (recv(peer, room, 2, MSG_WAITALL) == 2) {
    const std::size_t size = std::min<std::size_t>(load_u16(room), sizeof room);
    if (recv(peer, room, size, MSG_WAITALL) == static_cast<ssize_t>(size)) {
      std::vector<std::uint8_t> reply = reply_to({room, size}, true);
      const auto length = static_cast<std::uint16_t>(reply.size());
      reply.insert(reply.begin(), {static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)});
      if (length > 0) send(peer, reply.data(), reply.size(), MSG_NOSIGNAL);
    }
  }
  close(peer);
}

std::vector<std::uint8_t> ScriptedNameServer::reply_to(Bytes question, bool is_tcp) {
  ++questions_;
  if (is_tcp) ++over_tcp_;
  if (is_silent_) return {};
  const auto owner = dns::Name::parse_wire(question.subspan(dns::k_header_bytes));
  if (!owner) return {};
  const auto type = static_cast<dns::Type>(load_u16(question.data() + dns::k_header_bytes + owner->wire().size()));
  const std::uint16_t id = load_u16(question.data());
  const std::lock_guard lock(mutex_);
  const Key key{owner->folded_wire(), type};
  if (is_tcp && tcp_replies_.contains(key)) return write_reply(tcp_replies_[key], *owner, type, id);
  if (replies_.contains(key)) return write_reply(replies_[key], *owner, type, id);
  return write_reply({.rcode = dns::Rcode::nxdomain}, *owner, type, id);
}

}  // namespace rollcall::client
