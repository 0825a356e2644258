// `rollcall resolve`: what a client would find and choose, using the same Resolver as programs.
#include <algorithm>
#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <stdexcept>

#include "base/ip_address.h"
#include "client/base_url.h"
#include "client/host_addresses.h"
#include "client/name_servers.h"
#include "rollcall/resolver.h"
#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/table.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds k_try_max{500};
constexpr std::string_view k_default_domain = "svc.internal";

struct Flags {
  std::string name;
  bool wants_srv = false;
  bool wants_addresses = false;
  bool picks = false;
  std::optional<std::uint64_t> count;
  std::string policy = "weighted";
  std::string key;
  std::vector<std::string> servers;  // that are asked; empty: the system's
};

std::string domain_of(const Session& session) {
  const std::string& zone = session.globals().zone;
  return zone.empty() ? std::string(k_default_domain) : zone;
}

Error absent(std::string message) { return Error{Errc::unknown_service, std::move(message)}; }

// Which server was asked, for a sentence.
std::string asked_of(const std::vector<std::string>& servers) {
  if (servers.empty()) return "the system's resolver (--dns ADDR:PORT asks another, as 127.0.0.1:8600)";
  return fmt::format("{}", fmt::join(servers, ", "));
}

// The name that is asked for: a single word is below the zone.
std::string full_name(const Session& session, const std::string& name) {
  if (name.ends_with('.')) return name.substr(0, name.size() - 1);
  return name.find('.') == std::string::npos ? name + "." + domain_of(session) : name;
}

Error error_of(const std::vector<std::string>& servers, Status status, const std::string& name,
               const std::string& message) {
  if (status == Status::unreachable)
    return Error{Errc::unreachable, fmt::format("{}; asked for {}: {}", message, name, asked_of(servers))};
  if (status == Status::no_endpoints) {
    return absent(
        fmt::format("{} has no endpoint at the moment: NOERROR without records, says {}", name, asked_of(servers)));
  }
  return absent(fmt::format("there is no name {}: NXDOMAIN, says {}", name, asked_of(servers)));
}

// --- Addresses alone, as getaddrinfo() would ask ---

Result<int> find_addresses(Session& session, const Flags& flags) {
  const std::string name = full_name(session, flags.name);
  const std::atomic<bool> is_stopped{false};
  const auto addresses =
      client::find_host_addresses(name, steady_clock::now() + session.globals().timeout, is_stopped, flags.servers);
  if (!addresses) {
    return failure(addresses.error().code,
                   fmt::format("{}; asked for {}: {}", addresses.error().message, name, asked_of(flags.servers)));
  }
  if (session.wants_json()) {
    json::array texts;
    for (const IpAddress& address : *addresses) texts.push_back(json::string(address.text()));
    session.print_json(json::object{{"name", name}, {"addresses", std::move(texts)}});
    return k_done;
  }
  for (const IpAddress& address : *addresses) session.print(address.text() + "\n");
  return k_done;
}

// --- Where the DNS is ---

// A listener at every address of its machine is reached where the registry is.
std::string reached_at(const std::string& listener, const std::string& host) {
  const std::size_t colon = listener.rfind(':');
  const std::string address = listener.substr(0, colon);
  if (address != "0.0.0.0" && address != "[::]") return listener;
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + listener.substr(colon);
}

// Where a registry was named and no DNS server, the registry says where its own is. What does not answer, or is named and no
// address, is left: the system's resolver is asked then.
std::vector<std::string> find_dns(Session& session) {
  static const std::vector<std::string> k_default = Globals{}.http;
  const Globals& globals = session.globals();
  const bool is_named = globals.http != k_default || std::getenv("ROLLCALL_HTTP") != nullptr;
  if (!globals.dns.empty() || !is_named) return globals.dns;
  const std::vector<std::string> nodes = nodes_of(globals);
  const auto url = nodes.empty() ? failure(Errc::invalid, "") : client::parse_base_url(nodes.front());
  const auto answer = session.get("/v1/status");
  if (!url || !answer) return {};
  const json::value* const listeners = find_field(*answer, "listeners");
  const auto dns = listeners == nullptr ? failure(Errc::invalid, "") : rows_at(*listeners, "dns");
  if (!dns) return {};
  std::vector<std::string> found;
  for (const json::value& each : **dns) {
    if (!each.is_string()) continue;
    const std::string place = reached_at(std::string(std::string_view(each.get_string())), url->host);
    if (IpEndpoint::parse(place)) found.push_back(place);
  }
  return found;
}

// --- Endpoints, by SRV ---

ResolverSettings settings_of(const Session& session, const Flags& flags) {
  ResolverSettings settings;
  settings.servers = flags.servers;
  settings.domain = domain_of(session);
  settings.timeout = session.globals().timeout;
  settings.try_timeout = std::clamp(session.globals().timeout / 4, milliseconds(1), k_try_max);
  return settings;
}

PickOptions options_of(const Flags& flags) {
  static const std::map<std::string_view, Policy> k_policies{
      {"weighted", Policy::weighted}, {"round-robin", Policy::round_robin}, {"hash", Policy::consistent_hash}};
  PickOptions options;
  options.policy = k_policies.at(flags.policy);
  options.key = flags.key;
  return options;
}

json::object as_json(const Endpoint& endpoint) {
  return {
      {"address", endpoint.address()}, {"addresses", json::array(endpoint.addresses.begin(), endpoint.addresses.end())},
      {"port", endpoint.port},         {"priority", endpoint.priority},
      {"weight", endpoint.weight},     {"target", endpoint.target}};
}

Result<int> show_endpoints(Session& session, Resolver& resolver, const Flags& flags) {
  const Resolution found = resolver.resolve(flags.name);
  if (!found)
    return std::unexpected(error_of(flags.servers, found.status, full_name(session, flags.name), found.message));
  if (session.wants_json()) {
    json::array endpoints;
    for (const Endpoint& endpoint : found.endpoints) endpoints.push_back(as_json(endpoint));
    session.print_json(json::object{{"name", flags.name}, {"endpoints", std::move(endpoints)}});
    return k_done;
  }
  Table table({"ENDPOINT", "PRIORITY", "WEIGHT", "TARGET"});
  for (const Endpoint& endpoint : found.endpoints) {
    table.add({endpoint.text(), std::to_string(endpoint.priority), std::to_string(endpoint.weight),
               printable(endpoint.target)});
  }
  session.print(table.text(session.is_colored()));
  return k_done;
}

Result<int> pick_one(Session& session, Resolver& resolver, const Flags& flags) {
  const Choice choice = resolver.pick(flags.name, options_of(flags));
  if (!choice)
    return std::unexpected(error_of(flags.servers, choice.status, full_name(session, flags.name), choice.message));
  session.wants_json() ? session.print_json(as_json(choice.endpoint)) : session.print(choice.endpoint.text() + "\n");
  return k_done;
}

// Counts how often each endpoint is chosen; prints the most frequent first.
Result<int> count_picks(Session& session, Resolver& resolver, const Flags& flags) {
  std::map<std::string, std::uint64_t> tally;
  for (std::uint64_t i = 0; i < *flags.count; ++i) {
    const Choice choice = resolver.pick(flags.name, options_of(flags));
    if (!choice)
      return std::unexpected(error_of(flags.servers, choice.status, full_name(session, flags.name), choice.message));
    ++tally[choice.endpoint.text()];
  }
  std::vector<std::pair<std::string, std::uint64_t>> rows(tally.begin(), tally.end());
  std::ranges::stable_sort(rows, std::greater<>(), &std::pair<std::string, std::uint64_t>::second);
  Table table({"ENDPOINT", "PICKED", "SHARE"});
  json::array picks;
  for (const auto& [endpoint, times] : rows) {
    const double share = static_cast<double>(times) / static_cast<double>(*flags.count);
    table.add({endpoint, std::to_string(times), fmt::format("{:.1f} %", share * 100)});
    picks.push_back(json::object{{"endpoint", endpoint}, {"picked", times}});
  }
  session.wants_json() ? session.print_json(json::object{{"name", flags.name}, {"picks", std::move(picks)}})
                       : session.print(table.text(session.is_colored()));
  return k_done;
}

Result<int> resolve(Session& session, const Flags& asked) {
  Flags flags = asked;
  if (flags.wants_addresses && (flags.wants_srv || flags.picks || flags.count)) {
    return failure(Errc::start_up, "--a is for addresses alone: without --srv, --pick and --count");
  }
  flags.servers = find_dns(session);
  if (flags.wants_addresses) return find_addresses(session, flags);
  for (const std::string& server : flags.servers) {
    if (!client::parse_name_server(server))
      return failure(Errc::start_up,
                     fmt::format("--dns must be ADDR:PORT, as 127.0.0.1:8600 or [::1]:8600, not {}", server));
  }
  try {
    Resolver resolver(settings_of(session, flags));
    if (flags.count) return count_picks(session, resolver, flags);
    return flags.picks ? pick_one(session, resolver, flags) : show_endpoints(session, resolver, flags);
  } catch (const std::invalid_argument& error) {  // an invalid server address
    return failure(Errc::start_up, error.what());
  }
}

Action declare(Options& options) {
  constexpr std::uint64_t k_count_max = 10'000'000;
  auto flags = std::make_shared<Flags>();
  options.argument("NAME", flags->name, "a service, or any name with SRV records").required().offers(Offer::services);
  options.flag("--srv", flags->wants_srv, "endpoints, by SRV records (this is the default)");
  options.flag("--a", flags->wants_addresses, "addresses alone, by A and AAAA, as programs ask that know their port");
  options.flag("--pick", flags->picks, "only the endpoint that a client would choose, as ADDRESS:PORT");
  options.number("--count", "N", flags->count, 1, k_count_max, "choose N times, and count who was chosen");
  options.value("--policy", "POLICY", flags->policy, "how --pick and --count choose")
      .one_of({"weighted", "round-robin", "hash"});
  options.value("--hash-key", "KEY", flags->key, "what --policy hash chooses by");
  return [flags](Session& session) { return resolve(session, *flags); };
}

}  // namespace

extern const Command k_resolve{
    .name = "resolve",
    .synopsis = "NAME [--srv | --a] [--pick | --count N]",
    .summary = "look a service up as its clients do, and see whom they would choose",
    .description =
        "Asks the DNS, not the HTTP API. NAME is a service (web), a tag of one (blue.web) with its zone, or any "
        "name that has SRV records; a single word is below --zone, svc.internal unless named. The order is one "
        "that a client would try them in: by priority, and by chance and weight within one (RFC 2782).\n\n"
        "Without --dns the system's resolver is asked, unless --http or ROLLCALL_HTTP names a registry: then the "
        "registry is asked where its DNS is.",
    .examples = {{"rollcall resolve web --dns 127.0.0.1:8600", "the endpoints of web"},
                 {"curl http://$(rollcall resolve web --pick)/", "any of them, by weight"},
                 {"rollcall resolve web --count 10000", "are the weights what they should be?"}},
    .asks = Asks::dns,
    .trial = {"web"},
    .declare = declare,
};

}  // namespace rollcall::cli
