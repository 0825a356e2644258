#include "tools/rollcall/instance_flags.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <span>
#include <utility>

#include "base/duration.h"
#include "client/base_url.h"

namespace rollcall::cli {

namespace json = boost::json;

void declare_instance(Options& options, InstanceFlags& flags) {
  constexpr std::uint64_t k_u16_max = 65'535;
  options.value("--address", "ADDRESS", flags.addresses,
                "where it is reached, IPv4 or IPv6 (default the address this machine has towards the registry)");
  options.value("--id", "ID", flags.id, "its id within the service (default ADDRESS-PORT, for udp ADDRESS-PORT-udp)");
  options.value("--protocol", "PROTOCOL", flags.protocol, "which _proto name finds it (default tcp)")
      .one_of({"tcp", "udp"});
  options.number("--priority", "N", flags.priority, 0, k_u16_max, "lower is asked first (default 1)");
  options.number("--weight", "N", flags.weight, 0, k_u16_max, "its share within a priority (default 1)");
  options.value("--tag", "TAG", flags.tags, "a subset it belongs to: TAG.SERVICE.ZONE");
  options.value("--meta", "KEY=VALUE", flags.meta, "told in its TXT record");
  options.value("--ttl", "TIME", flags.ttl, "its lease: how long it stays after the last heartbeat (default 15s)");
}

Result<json::object> registration_of(const InstanceFlags& flags, const std::string& service, std::uint64_t port,
                                     const std::string& zone) {
  json::object body{{"service", service}, {"port", port}};
  if (flags.id) body["id"] = *flags.id;
  if (!flags.addresses.empty()) body["addresses"] = json::array(flags.addresses.begin(), flags.addresses.end());
  if (flags.protocol) body["protocol"] = *flags.protocol;
  if (flags.priority) body["priority"] = *flags.priority;
  if (flags.weight) body["weight"] = *flags.weight;
  if (!flags.tags.empty()) body["tags"] = json::array(flags.tags.begin(), flags.tags.end());
  if (flags.ttl) body["ttl"] = format_duration(*flags.ttl);
  if (!zone.empty()) body["zone"] = zone;
  json::object meta;
  for (const std::string& pair : flags.meta) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return failure(Errc::start_up, fmt::format("--meta must be KEY=VALUE, not {}", pair));
    }
    meta[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  if (!meta.empty()) body["meta"] = std::move(meta);
  return body;
}

Result<std::vector<client::RegistrarSettings>> registrar_settings(const Globals& globals, const InstanceFlags& flags,
                                                                  const std::string& service, std::uint64_t port,
                                                                  const client::WakeUp& news) {
  const auto registration = registration_of(flags, service, port, globals.zone);
  if (!registration) return std::unexpected(registration.error());
  std::vector<client::RegistrarSettings> all;
  for (const std::string& registry : globals.http) {
    client::RegistrarSettings settings;
    for (const std::string& url : nodes_of(registry)) {
      auto base = client::parse_base_url(url);
      if (!base) return std::unexpected(base.error());
      settings.nodes.push_back(std::move(*base));
    }
    if (settings.nodes.empty()) return failure(Errc::start_up, "--http names no registry");
    settings.service = service;
    settings.zone = globals.zone;
    settings.addresses = flags.addresses;
    settings.body = [body = *registration](std::span<const std::string> addresses) mutable {
      body["addresses"] = json::array(addresses.begin(), addresses.end());
      return json::serialize(body);
    };
    settings.repeats_registration = true;
    if (flags.ttl) settings.lease = *flags.ttl;
    settings.address_timeout = globals.timeout;
    settings.on_change = [&news] { news.call(); };
    all.push_back(std::move(settings));
  }
  return all;
}

Result<std::vector<client::HttpClient>> open_clients(const Globals& globals) {
  auto settings = http_settings(globals);
  if (!settings) return std::unexpected(settings.error());
  std::vector<client::HttpClient> all;
  for (const std::string& registry : globals.http) {
    settings->urls = nodes_of(registry);
    auto client = client::HttpClient::open(*settings);
    if (!client) return std::unexpected(client.error());
    all.push_back(std::move(*client));
  }
  return all;
}

}  // namespace rollcall::cli
