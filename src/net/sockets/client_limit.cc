#include "net/sockets/client_limit.h"

#include "base/check.h"
#include "base/ip_prefix.h"
#include "base/limits.h"

namespace rollcall::net {

ClientLimit::Place::~Place() {
  if (limit_ != nullptr) limit_->leave(client_);
}

std::optional<ClientLimit::Place> ClientLimit::enter(const IpAddress& address) {
  if (connections_max_ == 0 || address.is_loopback()) return Place(nullptr, address);
  const IpAddress client =
      address.is_v4() ? address : with_host_bits(address, limits::k_client_ipv6_bits, HostBits::zero);
  const bool is_in = open_.with([&](std::map<IpAddress, std::size_t>& open) {
    std::size_t& count = open[client];
    if (count >= connections_max_) return false;
    ++count;
    return true;
  });
  if (!is_in) return std::nullopt;
  return Place(this, client);
}

void ClientLimit::leave(const IpAddress& client) {
  open_.with([&](std::map<IpAddress, std::size_t>& open) {
    const auto at = open.find(client);
    check(at != open.end() && at->second > 0, "a client leaves as often as it has entered");
    if (--at->second == 0) open.erase(at);
  });
}

}  // namespace rollcall::net
