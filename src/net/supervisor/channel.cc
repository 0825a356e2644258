#include "net/supervisor/channel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace rollcall::net {
namespace {

constexpr int k_waiting_peers_max = 8;
constexpr int k_send_buffer = 1 << 20;
constexpr timeval k_send_max{.tv_sec = 5, .tv_usec = 0};  // a peer that reads nothing has gone

// Paths may be longer than a Unix socket's address: it is named by its open directory.
struct LocalAddress {
  explicit LocalAddress(const std::filesystem::path& path)
      : directory(
            ::open(path.parent_path().empty() ? "." : path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    const std::string name = fmt::format("/proc/self/fd/{}/{}", directory.get(), path.filename().string());
    address.sun_family = AF_UNIX;
    is_usable = directory.get() >= 0 && name.size() < sizeof(address.sun_path);
    if (is_usable) std::ranges::copy(name, address.sun_path);
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }

  Descriptor directory;
  sockaddr_un address{};
  bool is_usable = false;
};

Descriptor open_local() { return Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)); }

}  // namespace

std::optional<Channel> Channel::connect(const std::filesystem::path& path) {
  const LocalAddress address(path);
  Descriptor socket = open_local();
  if (!address.is_usable || socket.get() < 0) return std::nullopt;
  if (::connect(socket.get(), address.get(), sizeof(sockaddr_un)) != 0) return std::nullopt;
  return Channel(std::move(socket));
}

bool Channel::send(std::string_view word, std::string_view rest, std::span<const int> descriptors) {
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &k_send_buffer, sizeof(k_send_buffer));
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &k_send_max, sizeof(k_send_max));
  std::string text = fmt::format("{} ", word);
  text += rest;
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(k_descriptors_max * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

std::optional<Channel::Message> Channel::receive(std::chrono::milliseconds at_most) {
  pollfd wanted{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  if (poll(&wanted, 1, static_cast<int>(at_most.count())) <= 0) return std::nullopt;
  std::string text(k_message_bytes_max + 64, '\0');
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(k_descriptors_max * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return std::nullopt;
  Message received;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; at + CMSG_LEN(sizeof(int)) <= head->cmsg_len; at += sizeof(int)) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(head) + at, sizeof(descriptor));
      received.descriptors.emplace_back(descriptor);
    }
  }
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return std::nullopt;  // no descriptor was left for one of them
  text.resize(static_cast<std::size_t>(got));
  const std::size_t space = text.find(' ');
  received.word = text.substr(0, space);
  if (space != std::string::npos) received.rest = text.substr(space + 1);
  return received;
}

bool Channel::is_over() const {
  pollfd wanted{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  char octet = 0;
  return poll(&wanted, 1, 0) > 0 && recv(socket_.get(), &octet, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

pid_t Channel::peer() const {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  return getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 ? credentials.pid : 0;
}

bool Channel::is_of_same_user() const {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  return getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 && credentials.uid == geteuid();
}

void Channel::close() { ::shutdown(socket_.get(), SHUT_RDWR); }

Result<ChannelListener> ChannelListener::listen(const std::filesystem::path& path) {
  const LocalAddress address(path);
  Descriptor socket = open_local();
  const auto refuse = [&](std::string_view what) {
    return failure(Errc::start_up, fmt::format("{} cannot be made: {}", path.string(), what));
  };
  if (!address.is_usable || socket.get() < 0) return refuse(std::strerror(errno));
  ::unlink(path.c_str());
  if (fchmod(socket.get(), 0600) != 0 || bind(socket.get(), address.get(), sizeof(sockaddr_un)) != 0 ||
      ::listen(socket.get(), k_waiting_peers_max) != 0) {
    return refuse(std::strerror(errno));
  }
  ::chmod(path.c_str(), 0600);
  return ChannelListener(std::move(socket));
}

std::optional<Channel> ChannelListener::accept() {
  while (true) {
    Descriptor accepted(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (accepted.get() < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return std::nullopt;
    }
    Channel channel(std::move(accepted));
    if (channel.is_of_same_user()) return channel;
  }
}

void ChannelListener::close() { ::shutdown(socket_.get(), SHUT_RDWR); }

}  // namespace rollcall::net
