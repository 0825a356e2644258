// A client as plain as can be: a blocking socket, and octets as they come. A read that takes longer than half a minute
// fails its test instead of hanging it.
#pragma once

#include <arpa/inet.h>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"

namespace rollcall::net::testing {

struct HttpAnswer {
  int status = 0;
  std::string version;                        // "HTTP/1.1"
  std::map<std::string, std::string> fields;  // names as they came
  std::string body;
};

class Client {
 public:
  // `receive_buffer`: of the system; 0: as large as it likes.
  explicit Client(const IpEndpoint& server, int type = SOCK_STREAM, int receive_buffer = 0) {
    fd_ = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error("cannot connect to " + server.text());
    }
  }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), rest_(std::move(other.rest_)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client& operator=(Client&&) = delete;
  ~Client() {
    if (fd_ >= 0) ::close(fd_);
  }

  void send(std::string_view octets) {
    while (!octets.empty()) {
      const ssize_t sent = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("the server does not take what is sent");
      octets.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void send(const std::vector<std::uint8_t>& octets) {
    send(std::string_view(reinterpret_cast<const char*>(octets.data()), octets.size()));
  }
  // What comes and is not read yet stays, for the most part, at the server.
  void keep_little() {
    const int bytes = 16 << 10;
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  }
  void close_sending() { ::shutdown(fd_, SHUT_WR); }

  // Exactly `count` octets; throws when the server closes before.
  std::string read(std::size_t count) {
    while (rest_.size() < count) {
      if (!read_some()) throw std::runtime_error("the server has closed the connection");
    }
    return take(count);
  }
  // Up to and with `end`.
  std::string read_until(std::string_view end) {
    std::size_t at = rest_.find(end);
    for (; at == std::string::npos; at = rest_.find(end)) {
      if (!read_some()) throw std::runtime_error("the server has closed the connection");
    }
    return take(at + end.size());
  }
  // Everything until the server closes, or resets.
  std::string read_to_end() {
    while (read_some()) {
    }
    return std::exchange(rest_, {});
  }
  // Nothing comes meanwhile.
  bool is_silent_for(std::chrono::milliseconds time) {
    pollfd waiting{fd_, POLLIN, 0};
    return rest_.empty() && ::poll(&waiting, 1, static_cast<int>(time.count())) == 0;
  }
  bool is_at_end() { return rest_.empty() && !read_some(); }

  // One DNS message with its length in front.
  std::vector<std::uint8_t> read_message() {
    const std::string length = read(2);
    const std::string body = read(load_u16(reinterpret_cast<const std::uint8_t*>(length.data())));
    return {body.begin(), body.end()};
  }
  // One datagram.
  std::vector<std::uint8_t> receive() {
    std::vector<std::uint8_t> octets(65535);
    const ssize_t got = ::recv(fd_, octets.data(), octets.size(), 0);
    if (got < 0) throw std::runtime_error("no datagram came");
    octets.resize(static_cast<std::size_t>(got));
    return octets;
  }

  HttpAnswer read_http(bool has_body = true) {
    HttpAnswer answer;
    const std::string head = read_until("\r\n\r\n");
    answer.version = head.substr(0, 8);
    answer.status = std::stoi(head.substr(9, 3));
    for (std::size_t at = head.find("\r\n") + 2; at + 2 < head.size();) {
      const std::size_t end = head.find("\r\n", at);
      const std::size_t colon = head.find(": ", at);
      answer.fields[head.substr(at, colon - at)] = head.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    const auto length = answer.fields.find("Content-Length");
    if (has_body && length != answer.fields.end()) answer.body = read(std::stoul(length->second));
    return answer;
  }

 private:
  bool read_some() {
    char buffer[16 * 1024];
    const ssize_t got = ::recv(fd_, buffer, sizeof(buffer), 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("the server says nothing");
    if (got <= 0) return false;
    rest_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  std::string take(std::size_t count) {
    std::string taken = rest_.substr(0, count);
    rest_.erase(0, count);
    return taken;
  }

  int fd_ = -1;
  std::string rest_;
};

}  // namespace rollcall::net::testing
