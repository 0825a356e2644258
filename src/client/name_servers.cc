#include "client/name_servers.h"

#include <ares.h>
#include <netinet/in.h>
#include <optional>

#include "base/limits.h"
#include "client/text_list.h"

namespace rollcall::client {
namespace {

constexpr std::uint16_t k_dns_port = 53;

Result<NameServers> parse_all(std::span<const std::string> texts, const std::string& where) {
  if (texts.size() > limits::k_client_name_servers_max) {
    return failure(Errc::invalid,
                   where + " has more than " + std::to_string(limits::k_client_name_servers_max) + " name servers");
  }
  NameServers found;
  for (const std::string& text : texts) {
    const Result<IpEndpoint> server = parse_name_server(text);
    if (!server) return failure(Errc::invalid, where + ": " + server.error().message);
    found.servers.push_back(*server);
  }
  return found;
}

std::optional<IpEndpoint> endpoint_of(const ares_addr_port_node& node) {
  const auto port = static_cast<std::uint16_t>(node.udp_port == 0 ? k_dns_port : node.udp_port);
  if (node.family == AF_INET) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&node.addr.addr4);
    return IpEndpoint{IpAddress::v4(std::span<const std::uint8_t, 4>(bytes, 4)), port};
  }
  if (node.family != AF_INET6) return std::nullopt;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&node.addr.addr6);
  return IpEndpoint{IpAddress::v6(std::span<const std::uint8_t, 16>(bytes, 16)), port};
}

}  // namespace

Result<IpEndpoint> parse_name_server(std::string_view text) {
  if (const auto endpoint = IpEndpoint::parse(text); endpoint && endpoint->port != 0) return *endpoint;
  if (const auto address = IpAddress::parse(text)) return IpEndpoint{*address, k_dns_port};
  return failure(Errc::invalid, "\"" + std::string(text) + "\" is no name server; write 192.0.2.53:8600 or [::1]:8600");
}

Result<NameServers> name_servers(std::span<const std::string> settings, const char* environment) {
  if (!settings.empty()) return parse_all(settings, "the setting servers");
  if (environment != nullptr && *environment != '\0') return parse_all(split_list(environment), "ROLLCALL_DNS");
  return NameServers{.servers = system_name_servers(), .is_system = true};
}

std::vector<IpEndpoint> system_name_servers() {
  std::vector<IpEndpoint> found;
  ares_channel channel = nullptr;
  if (ares_init(&channel) != ARES_SUCCESS) return found;
  ares_addr_port_node* nodes = nullptr;
  if (ares_get_servers_ports(channel, &nodes) == ARES_SUCCESS) {
    for (const ares_addr_port_node* node = nodes; node != nullptr; node = node->next) {
      if (const auto endpoint = endpoint_of(*node)) found.push_back(*endpoint);
    }
    ares_free_data(nodes);
  }
  ares_destroy(channel);
  return found;
}

}  // namespace rollcall::client
