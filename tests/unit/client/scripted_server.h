// A server as bad as a test wants it: for each connection in turn, what it says after the head of each request, octet by octet.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace rollcall::client::testing {

class ScriptedServer {
 public:
  // One list of answers for each connection; it is closed after the last of them, unless that one is k_silence.
  using Connections = std::vector<std::vector<std::string>>;
  static constexpr const char* k_silence = "(nothing)";

  explicit ScriptedServer(Connections connections) : connections_(std::move(connections)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0) {
      throw std::runtime_error("no port to listen on");
    }
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (const int held : held_) ::close(held);
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
  // The heads as they came; only after the calls are over.
  [[nodiscard]] const std::vector<std::string>& heads() const { return heads_; }
  [[nodiscard]] bool is_asked() const { return is_asked_; }  // a request has come; any time

 private:
  void serve() {
    for (const auto& answers : connections_) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      bool is_held = false;
      for (const std::string& answer : answers) {
        if (!read_head(connection)) break;
        is_held = answer == k_silence;
        if (!is_held) [[maybe_unused]]
          const auto sent = ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
      is_held ? held_.push_back(connection) : static_cast<void>(::close(connection));
    }
  }
  bool read_head(int connection) {
    std::string head;
    char octet = 0;
    while (!head.ends_with("\r\n\r\n")) {
      if (::recv(connection, &octet, 1, 0) != 1) return false;
      head += octet;
    }
    heads_.push_back(std::move(head));
    is_asked_ = true;
    return true;
  }

  Connections connections_;
  std::vector<std::string> heads_;
  std::vector<int> held_;
  std::atomic<bool> is_asked_ = false;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::thread thread_;
};

}  // namespace rollcall::client::testing
