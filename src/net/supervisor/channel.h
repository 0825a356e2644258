// A conversation between two processes on one machine: words, and descriptors beside them.
//
// Shape    SOCK_SEQPACKET over a Unix socket in a directory: a message arrives whole, or not at all. The first word says what it
//          is, after a space comes the rest.
// Security the socket's file is 0600, and the peer must be of the same user (SO_PEERCRED).
// Owner    a Channel owns its socket, a Message the descriptors that came with it (close-on-exec).
// Threads  one at a time; `close` from any other: it wakes whoever waits.
// Failure  Errc::start_up with a sentence; a peer that has gone is empty.
// Limits   k_message_bytes_max, k_descriptors_max in one message.
// Source   unix(7), SCM_RIGHTS, SO_PEERCRED.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "net/sockets/socket.h"

namespace rollcall::net {

class Channel {
 public:
  static constexpr std::size_t k_message_bytes_max = std::size_t{128} << 10;
  static constexpr std::size_t k_descriptors_max = 200;  // SCM_MAX_FD is 253

  struct Message {
    std::string word;
    std::string rest;
    std::vector<Descriptor> descriptors;
  };

  Channel() = default;
  explicit Channel(Descriptor socket) : socket_(std::move(socket)) {}

  // Empty: nobody listens there.
  [[nodiscard]] static std::optional<Channel> connect(const std::filesystem::path& path);

  // False: the peer has gone, or reads nothing.
  [[nodiscard]] bool send(std::string_view word, std::string_view rest = {}, std::span<const int> descriptors = {});
  // Empty: the peer has gone, or the time has passed.
  [[nodiscard]] std::optional<Message> receive(std::chrono::milliseconds at_most);
  // The peer has closed it, or has ended, and everything it said was received.
  [[nodiscard]] bool is_over() const;
  // The process at the other end.
  [[nodiscard]] pid_t peer() const;
  [[nodiscard]] bool is_of_same_user() const;
  void close();

 private:
  Descriptor socket_;
};

class ChannelListener {
 public:
  // Replaces what another process, now gone, has left at `path`.
  [[nodiscard]] static Result<ChannelListener> listen(const std::filesystem::path& path);
  // Empty: closed. Peers of other users are turned away.
  [[nodiscard]] std::optional<Channel> accept();
  // Any thread: ends `accept`.
  void close();

 private:
  explicit ChannelListener(Descriptor socket) : socket_(std::move(socket)) {}
  Descriptor socket_;
};

}  // namespace rollcall::net
