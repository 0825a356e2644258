#include "tools/rollcall/own_address.h"

#include <fmt/format.h>
#include <system_error>

#include "base/ip_address.h"
#include "client/base_url.h"
#include "client/host_addresses.h"
#include "tools/rollcall/socket.h"

namespace rollcall::cli {

Result<std::string> own_address_towards(const std::string& url, std::chrono::milliseconds timeout,
                                        const std::atomic<bool>& is_stopped) {
  const auto base = client::parse_base_url(url);
  if (!base) return std::unexpected(base.error());
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto addresses = client::find_host_addresses(base->host, deadline, is_stopped);
  if (!addresses) return failure(Errc::unreachable, addresses.error().message);
  for (const IpAddress& address : *addresses) {
    const Socket socket = Socket::datagram(address);
    // A datagram socket that is connected only learns its way.
    if (!socket.connect({address, base->port})) continue;
    if (const auto own = socket.own_endpoint()) return own->address.text();
  }
  return failure(Errc::unreachable, fmt::format("this machine has no address towards {}", base->authority()));
}

}  // namespace rollcall::cli
