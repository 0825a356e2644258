#include "client/host_addresses.h"

#include <algorithm>
#include <ares.h>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <span>
#include <sys/socket.h>

#include "client/private_ares.h"

namespace rollcall::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds k_look_every{50};  // how often to check `is_stopped`

struct Answer {
  bool has_come = false;
  int status = ARES_ENOTFOUND;
  std::vector<IpAddress> addresses;
};

void on_answer(void* given, int status, int, ares_addrinfo* info) {
  auto& answer = *static_cast<Answer*>(given);
  answer.has_come = true;
  answer.status = status;
  for (const ares_addrinfo_node* node = info == nullptr ? nullptr : info->nodes; node != nullptr;
       node = node->ai_next) {
    if (node->ai_family == AF_INET) {
      const auto* address = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
      answer.addresses.push_back(IpAddress::v4(
          std::span<const std::uint8_t, 4>(reinterpret_cast<const std::uint8_t*>(&address->sin_addr), 4)));
    } else if (node->ai_family == AF_INET6) {
      const auto* address = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
      answer.addresses.push_back(IpAddress::v6(std::span<const std::uint8_t, 16>(address->sin6_addr.s6_addr, 16)));
    }
  }
  if (info != nullptr) ares_freeaddrinfo(info);
}

// Lets c-ares read and write what it can, for at most `longest`.
void wait_once(ares_channel channel, milliseconds longest) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const int wanted = ares_getsock(channel, sockets.data(), static_cast<int>(sockets.size()));
  std::vector<pollfd> polled;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const auto bits = static_cast<unsigned>(wanted);
    const bool reads = ARES_GETSOCK_READABLE(bits, i);
    const bool writes = ARES_GETSOCK_WRITABLE(bits, i);
    if (!reads && !writes) continue;
    polled.push_back({sockets.at(i), static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), 0});
  }
  ::poll(polled.data(), polled.size(), static_cast<int>(std::min(longest, k_look_every).count()));
  for (const pollfd& each : polled) {
    const bool failed = (each.revents & (POLLERR | POLLHUP)) != 0;
    ares_process_fd(channel, (each.revents & POLLIN) != 0 || failed ? each.fd : ARES_SOCKET_BAD,
                    (each.revents & POLLOUT) != 0 ? each.fd : ARES_SOCKET_BAD);
  }
  ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // lets c-ares handle its timeouts
}

}  // namespace

Result<std::vector<IpAddress>> find_host_addresses(const std::string& host, steady_clock::time_point deadline,
                                                   const std::atomic<bool>& is_stopped,
                                                   const std::vector<std::string>& servers) {
  if (const std::optional<IpAddress> literal = IpAddress::parse(host)) return std::vector{*literal};
  Answer answer;
  ares_channel made = nullptr;
  ares_options options{};
  std::string dns_alone = "b";
  options.lookups = dns_alone.data();
  if (const int status = ares_init_options(&made, &options, servers.empty() ? 0 : ARES_OPT_LOOKUPS);
      status != ARES_SUCCESS) {
    return failure(Errc::unreachable, fmt::format("cannot look up {}: {}", host, ares_strerror(status)));
  }
  // Declared after `answer`, so destroyed before it: ares_destroy() still calls the callback, which writes to `answer`.
  const std::unique_ptr<std::remove_pointer_t<ares_channel>, decltype(&ares_destroy)> channel(made, ares_destroy);
  ares_set_socket_functions(channel.get(), &k_private_sockets, nullptr);
  const std::string list = fmt::format("{}", fmt::join(servers, ","));
  if (!servers.empty() && ares_set_servers_ports_csv(channel.get(), list.c_str()) != ARES_SUCCESS) {
    return failure(Errc::start_up, fmt::format("{} is not the address of a DNS server", list));
  }
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel.get(), host.c_str(), nullptr, &hints, on_answer, &answer);
  while (!answer.has_come && !is_stopped) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds(0)) return failure(Errc::unreachable, fmt::format("looking up {} took too long", host));
    wait_once(channel.get(), left);
  }
  if (!answer.addresses.empty()) return std::move(answer.addresses);
  if (is_stopped) return failure(Errc::unreachable, "stopped");
  if (answer.status == ARES_ENOTFOUND || answer.status == ARES_ENODATA || answer.status == ARES_SUCCESS) {
    return failure(Errc::unknown_service, fmt::format("there is no host {}", host));
  }
  return failure(Errc::unreachable, fmt::format("cannot look up {}: {}", host, ares_strerror(answer.status)));
}

}  // namespace rollcall::client
