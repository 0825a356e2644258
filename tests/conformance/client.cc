#include "conformance/client.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>

namespace rollcall::conformance {
namespace {

constexpr std::size_t k_datagram_bytes_max = 65535;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void send_whole(int socket, const void* octets, std::size_t size) {
  const auto* at = static_cast<const char*>(octets);
  while (size > 0) {
    const ssize_t sent = ::send(socket, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) fail("send");
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

// Empty: the end, or nothing in time. What is left of a connection that was reset is nothing too.
Octets receive_some(int socket, std::size_t room) {
  Octets octets(room);
  ssize_t got = 0;
  do {
    got = ::recv(socket, octets.data(), room, 0);
  } while (got < 0 && errno == EINTR);
  octets.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return octets;
}

}  // namespace

std::chrono::milliseconds patience() {
  constexpr std::chrono::milliseconds k_standard{5000};
  const char* wanted = std::getenv("CONFORMANCE_PATIENCE_MS");
  return wanted == nullptr ? k_standard : std::chrono::milliseconds(std::strtol(wanted, nullptr, 10));
}

Endpoint Endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) throw std::invalid_argument("no ADDRESS:PORT: " + std::string(text));
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  Endpoint endpoint{std::string(host), 0};
  const std::string_view port = text.substr(colon + 1);
  const auto read = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (read.ptr != port.data() + port.size()) throw std::invalid_argument("no port: " + std::string(text));
  return endpoint;
}

Socket::Socket(const Endpoint& peer, int type) : fd_(-1) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  if (getaddrinfo(peer.host.c_str(), std::to_string(peer.port).c_str(), &hints, &found) != 0) {
    throw std::invalid_argument("no address: " + peer.host);
  }
  fd_ = ::socket(found->ai_family, type | SOCK_CLOEXEC, 0);
  const bool connected = fd_ >= 0 && ::connect(fd_, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  if (!connected) {
    const int error = errno;
    if (fd_ >= 0) ::close(fd_);
    errno = error;
    fail("connect");
  }
  const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(patience()).count();
  const timeval timeout{.tv_sec = wait / 1'000'000, .tv_usec = wait % 1'000'000};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  const int on = 1;
  if (type == SOCK_STREAM) setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

Socket::~Socket() { ::close(fd_); }

Udp::Udp(const Endpoint& server) : socket_(server, SOCK_DGRAM) {}

// Not send_whole: a datagram of no octets is one too.
void Udp::send(const Octets& datagram) {
  if (::send(socket_.get(), datagram.data(), datagram.size(), 0) < 0) fail("send");
}

std::optional<Octets> Udp::receive() {
  Octets datagram = receive_some(socket_.get(), k_datagram_bytes_max);
  if (datagram.empty()) return std::nullopt;
  return datagram;
}

Tcp::Tcp(const Endpoint& server) : socket_(server, SOCK_STREAM) {}

void Tcp::send_raw(const Octets& octets) { send_whole(socket_.get(), octets.data(), octets.size()); }

void Tcp::send(const Octets& message) { send_raw(with_length(message)); }

std::optional<Octets> Tcp::receive() {
  const std::optional<Octets> length = receive_exactly(2);
  if (!length) return std::nullopt;
  return receive_exactly(static_cast<std::size_t>((*length)[0]) << 8 | (*length)[1]);
}

Octets Tcp::receive_segment() { return receive_some(socket_.get(), std::size_t{64} << 10); }

void Tcp::close_writing() { ::shutdown(socket_.get(), SHUT_WR); }

bool Tcp::is_closed_by_peer() {
  char octet = 0;
  const ssize_t got = ::recv(socket_.get(), &octet, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

std::optional<std::string> Tcp::receive_all() {
  std::string all;
  while (true) {
    const Octets more = receive_some(socket_.get(), std::size_t{64} << 10);
    if (more.empty()) return all.empty() ? std::nullopt : std::optional(all);
    all.append(more.begin(), more.end());
  }
}

std::optional<Octets> Tcp::receive_exactly(std::size_t count) {
  Octets octets;
  while (octets.size() < count) {
    const Octets more = receive_some(socket_.get(), count - octets.size());
    if (more.empty()) return std::nullopt;
    octets.insert(octets.end(), more.begin(), more.end());
  }
  return octets;
}

Octets with_length(const Octets& message) {
  Octets framed{static_cast<std::uint8_t>(message.size() >> 8), static_cast<std::uint8_t>(message.size())};
  framed.insert(framed.end(), message.begin(), message.end());
  return framed;
}

HttpAnswer http(const Endpoint& server, std::string_view method, std::string_view target, std::string_view body) {
  std::string request = std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\nHost: " + server.host +
                        "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  request.append(body);
  Tcp connection(server);
  connection.send_raw({request.begin(), request.end()});
  const std::string answer = connection.receive_all().value_or("");
  HttpAnswer parsed;
  const std::size_t head_end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || head_end == std::string::npos) return parsed;
  std::from_chars(answer.data() + 9, answer.data() + 12, parsed.status);
  parsed.body = answer.substr(head_end + 4);
  return parsed;
}

}  // namespace rollcall::conformance
