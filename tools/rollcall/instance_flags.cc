#include "tools/rollcall/instance_flags.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <span>
#include <utility>

#include "base/duration.h"
#include "base/ip_address.h"
#include "client/base_url.h"
#include "tools/rollcall/session.h"

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

void declare_checks(Options& options, InstanceFlags& flags, HasOwnProbe has_own) {
  constexpr std::uint64_t k_in_a_row_max = 10;
  options.value(
      "--check", "CHECK", flags.checks,
      "what the server asks of it: tcp, http:/path, grpc, grpc:/service, h2ping, or a JSON object as in the API; it "
      "is critical while one "
      "fails");
  if (has_own == HasOwnProbe::no) {
    options.value("--probe", "PROBE", flags.probe, "what the server asks when the heartbeats stop: tcp or http:/path");
  }
  options.value("--initial", "STATUS", flags.initial, "its status before the checks have run (default ready)")
      .one_of({"ready", "critical"});
  options.number("--rise", "N", flags.rise, 1, k_in_a_row_max, "passes in a row that make a check up (default 1)");
  options.number("--fall", "N", flags.fall, 1, k_in_a_row_max, "failures in a row that make it down (default 2)");
}

void warn_of_loopback(const Session& session, const InstanceFlags& flags) {
  const auto is_loopback = [](const std::string& text) {
    const auto address = IpAddress::parse(text);
    return text == "localhost" || (address && address->is_loopback());
  };
  bool only_here = std::ranges::any_of(flags.addresses, is_loopback);
  if (flags.addresses.empty()) {
    for (const std::string& node : nodes_of(session.globals())) {
      const auto url = client::parse_base_url(node);
      only_here = only_here || (url && is_loopback(url->host));
    }
  }
  if (!only_here) return;
  session.remark("it is registered with a loopback address, which leads every other machine to itself: give --address");
}

namespace {

// "tcp", "http:/path", "http", "grpc:/service", "grpc", "h2ping"; anything else is left to the registry, which says what is wrong with it.
Result<json::value> check_of(const std::string& text) {
  if (text.starts_with('{')) {
    boost::system::error_code broken;
    json::value value = json::parse(text, broken);
    if (broken) return failure(Errc::start_up, fmt::format("--check is no JSON object: {}", text));
    return value;
  }
  const std::size_t colon = text.find(':');
  const std::string type = text.substr(0, colon);
  const std::string path = colon == std::string::npos ? std::string() : text.substr(colon + 1);
  const bool takes_path = type == "http" || type == "grpc";
  const bool is_right =
      ((type == "tcp" || type == "h2ping") && path.empty()) || (takes_path && (path.empty() || path.starts_with('/')));
  if (!is_right) {
    return failure(
        Errc::start_up,
        fmt::format("--check must be tcp, http:/path, grpc:/service, h2ping or a JSON object, not {}", text));
  }
  json::object check{{"type", type}};
  if (type == "http" && !path.empty()) check["path"] = path;
  if (type == "grpc" && path.size() > 1) check["service"] = path.substr(1);
  return json::value(std::move(check));
}

Result<void> add_checks(const InstanceFlags& flags, json::object& body) {
  json::array checks;
  for (const std::string& text : flags.checks) {
    auto check = check_of(text);
    if (!check) return std::unexpected(check.error());
    checks.push_back(std::move(*check));
  }
  if (!checks.empty()) body["checks"] = std::move(checks);
  if (!flags.probe.empty()) body["probe"] = flags.probe;
  if (!flags.initial.empty()) body["initial"] = flags.initial;
  if (flags.rise) body["rise"] = *flags.rise;
  if (flags.fall) body["fall"] = *flags.fall;
  return {};
}

}  // namespace

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
  if (const Result<void> added = add_checks(flags, body); !added) return std::unexpected(added.error());
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
