// The commands that are one call to the registry each: heartbeat, deregister, drain, undrain.
#include <algorithm>
#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "base/duration.h"
#include "client/base_url.h"
#include "client/own_address.h"
#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/instance_flags.h"
#include "tools/rollcall/instance_table.h"
#include "tools/rollcall/registries.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Instance {
  std::string service;
  std::string id;
};

void declare_instance_arguments(Options& options, Instance& instance) {
  options.argument("SERVICE", instance.service, "of the instance").required().offers(Offer::services);
  options.argument("ID", instance.id, "the instance").required().offers(Offer::instances);
}

client::HttpRequest call_of(const Session& session, const Instance& instance, std::string method,
                            std::string_view action, std::string_view wait = {}) {
  client::HttpRequest request;
  request.method = std::move(method);
  request.target = target_of("/v1/services", {instance.service, "/instances", instance.id, action},
                             {{"zone", session.globals().zone}, {"wait", wait}});
  return request;
}

// --- heartbeat ---

struct Heartbeat {
  std::string service;
  std::string id;  // empty: not given
  std::optional<std::uint64_t> port;
  InstanceFlags fields;
};

Result<json::object> body_of(const Session& session, const Heartbeat& flags) {
  auto body = registration_of(flags.fields, flags.service, *flags.port, session.globals().zone);
  if (!body || body->contains("addresses")) return body;
  const std::atomic<bool> is_stopped{false};
  const std::vector<std::string> nodes = nodes_of(session.globals());
  if (nodes.empty()) return failure(Errc::start_up, "--http names no registry");
  const auto registry = client::parse_base_url(nodes.front());
  if (!registry) return std::unexpected(registry.error());
  const auto deadline = std::chrono::steady_clock::now() + session.globals().timeout;
  const auto own = client::own_address_towards(*registry, deadline, is_stopped);
  if (!own) return std::unexpected(own.error());
  (*body)["addresses"] = json::array{json::string(*own)};
  return body;
}

Result<client::HttpRequest> request_of(const Session& session, const Heartbeat& flags) {
  if (!flags.port) {
    if (flags.id.empty())
      return failure(Errc::start_up, "an instance on the roll is renewed by its ID, a new one needs --port");
    return call_of(session, {flags.service, flags.id}, "POST", "/heartbeat");
  }
  Heartbeat whole = flags;
  if (!flags.id.empty()) whole.fields.id = flags.id;
  const auto body = body_of(session, whole);
  if (!body) return std::unexpected(body.error());
  client::HttpRequest request;
  request.method = "POST";
  request.target = "/v1/heartbeat";
  request.body = json::serialize(*body);
  return request;
}

Result<Told> heartbeat(Session& session, const Heartbeat& flags) {
  const auto request = request_of(session, flags);
  if (!request) return std::unexpected(request.error());
  auto answer = session.ask(*request);
  if (!answer) return std::unexpected(answer.error());
  if (find_field(*answer, "id") == nullptr) return std::unexpected(no_registry());
  const std::string left = lease_left_of(*answer);
  std::string sentence = fmt::format("{} is {} {}", text_at(*answer, "id"), text_at(*answer, "status"),
                                     left == "none" ? "without a lease" : "for " + left);
  return Told{std::move(*answer), std::move(sentence)};
}

Action declare_heartbeat(Options& options) {
  constexpr std::uint64_t k_port_max = 65'535;
  auto flags = std::make_shared<Heartbeat>();
  options.argument("SERVICE", flags->service, "of the instance").required().offers(Offer::services);
  options.argument("ID", flags->id, "the instance; its lease is renewed").offers(Offer::instances);
  options.number("--port", "PORT", flags->port, 1, k_port_max,
                 "send the whole registration: registers, updates or renews");
  declare_instance(options, flags->fields);
  return [flags](Session& session) {
    return tell_registries(session, [flags](Session& one) { return heartbeat(one, *flags); });
  };
}

// --- deregister ---

Result<Told> deregister(Session& session, const Instance& instance) {
  const auto answer = session.ask(call_of(session, instance, "DELETE", ""));
  if (!answer) return std::unexpected(answer.error());
  if (!answer->is_null()) return std::unexpected(no_registry());
  return Told{json::object{{"service", instance.service}, {"id", instance.id}}, ""};
}

Action declare_deregister(Options& options) {
  auto instance = std::make_shared<Instance>();
  declare_instance_arguments(options, *instance);
  return [instance](Session& session) {
    return tell_registries(session, [instance](Session& one) { return deregister(one, *instance); });
  };
}

// --- drain, undrain ---

struct Drain {
  Instance instance;
  std::optional<milliseconds> wait;
};

// The server may answer slightly too early (clock granularity): then asks again for the rest of the wait.
Result<json::value> ask_to_drain(Session& session, const Drain& flags) {
  const auto deadline = steady_clock::now() + flags.wait.value_or(milliseconds(0));
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    const std::string wait = flags.wait ? format_duration(std::max(left, milliseconds(1))) : "";
    client::HttpRequest request = call_of(session, flags.instance, "POST", "/drain", wait);
    request.longer = std::max(left, milliseconds(0));
    auto answer = session.ask(request);
    if (!answer) return answer;
    const json::value* const safe = find_field(*answer, "safe");
    if (safe == nullptr || !safe->is_bool()) return std::unexpected(no_registry());
    if (safe->get_bool() || steady_clock::now() >= deadline) return answer;
  }
}

Result<Told> drain(Session& session, const Drain& flags) {
  auto answer = ask_to_drain(session, flags);
  if (!answer) return std::unexpected(answer.error());
  std::string sentence =
      find_field(*answer, "safe")->get_bool()
          ? "draining; no cache has it any more"
          : fmt::format("draining; caches may have it for another {}", short_time(number_at(*answer, "safe_in_ms")));
  return Told{std::move(*answer), std::move(sentence)};
}

Action declare_drain(Options& options) {
  auto flags = std::make_shared<Drain>();
  declare_instance_arguments(options, flags->instance);
  options.value("--wait", "TIME", flags->wait, "answer when no cache can have it any more, or after TIME");
  return [flags](Session& session) {
    return tell_registries(session, [flags](Session& one) { return drain(one, *flags); });
  };
}

Result<Told> undrain(Session& session, const Instance& instance) {
  auto answer = session.ask(call_of(session, instance, "DELETE", "/drain"));
  if (!answer) return std::unexpected(answer.error());
  if (find_field(*answer, "status") == nullptr) return std::unexpected(no_registry());
  std::string sentence = text_at(*answer, "status");
  return Told{std::move(*answer), std::move(sentence)};
}

Action declare_undrain(Options& options) {
  auto instance = std::make_shared<Instance>();
  declare_instance_arguments(options, *instance);
  return [instance](Session& session) {
    return tell_registries(session, [instance](Session& one) { return undrain(one, *instance); });
  };
}

}  // namespace

extern const Command k_heartbeat{
    .name = "heartbeat",
    .synopsis = "SERVICE (ID | --port PORT [OPTION…])",
    .summary = "one heartbeat: renew a lease, or register with a single call",
    .description =
        "With an ID the lease of that instance is renewed; exit code 4 says that it is not on the roll.\n\n"
        "With --port the whole registration is sent, so that the instance is registered, updated or just renewed, "
        "whatever it needs. For timers and scripts: every third of the lease is a good rhythm.",
    .examples = {{"rollcall heartbeat web web-1", "renews web-1"},
                 {"rollcall heartbeat web --port 8080 --id web-1 --ttl 5m", "from a timer: registers or renews"}},
    .asks = Asks::http,
    .trial = {"web", "web-1"},
    .declare = declare_heartbeat,
};

extern const Command k_deregister{
    .name = "deregister",
    .synopsis = "SERVICE ID",
    .summary = "take an instance off the roll, at once",
    .description =
        "It is gone from the disk and from the DNS when the command ends. Caches may have it until their TTL is "
        "over: rollcall drain --wait first avoids that.",
    .examples = {{"rollcall deregister web web-1", "web-1 is gone"}},
    .asks = Asks::http,
    .trial = {"web", "web-1"},
    .declare = declare_deregister,
};

extern const Command k_drain{
    .name = "drain",
    .synopsis = "SERVICE ID [--wait TIME]",
    .summary = "take an instance out of the answers; it stays on the roll",
    .description =
        "Clients get no new answer with it, and its own name goes on resolving. With --wait the command ends when "
        "no cache that keeps to its TTLs has the instance any more: then it may stop.",
    .examples = {{"rollcall drain web web-1 --wait 10s && systemctl stop web", "a stop that no client notices"}},
    .asks = Asks::http,
    .trial = {"web", "web-1", "--wait", "1s"},
    .declare = declare_drain,
};

extern const Command k_undrain{
    .name = "undrain",
    .synopsis = "SERVICE ID",
    .summary = "bring a drained instance back into the answers",
    .description = "Prints what it is again: ready, or critical where a check says so.",
    .examples = {{"rollcall undrain web web-1", "web-1 is answered again"}},
    .asks = Asks::http,
    .trial = {"web", "web-1"},
    .declare = declare_undrain,
};

}  // namespace rollcall::cli
