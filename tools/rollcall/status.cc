// `rollcall status`: shows the state of the server.
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <memory>

#include "base/counted.h"
#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/instance_table.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

struct Flags {
  bool only_ready = false;
};

bool is_true(const json::value& object, std::string_view key) {
  const json::value* const value = find_field(object, key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string zones_of(const json::value& answer) {
  const auto zones = rows_at(answer, "zones");
  std::string text;
  if (!zones) return text;
  for (const json::value& zone : **zones) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} (serial {}, {})", text_at(zone, "name"), text_at(zone, "serial"),
                        counted(number_at(zone, "static_names"), "static name"));
  }
  return text;
}

// Empty: the server is a single node.
std::string cluster_of(const json::value& answer) {
  const json::value* const cluster = find_field(answer, "cluster");
  if (cluster == nullptr || !cluster->is_object()) return {};
  return fmt::format("{} of {}, {} of {}", text_at(*cluster, "node"), text_at(*cluster, "name"),
                     counted(number_at(*cluster, "members"), "member"), counted(number_at(*cluster, "nodes"), "node"));
}

// Why nobody can register: of a node that is no member, its sentence.
std::string why_not_ready(const json::value& answer) {
  const json::value* const cluster = find_field(answer, "cluster");
  const json::value* const why = cluster != nullptr && cluster->is_object() ? find_field(*cluster, "why_not") : nullptr;
  if (why != nullptr && why->is_string()) return "no: " + text_at(*cluster, "why_not");
  return "no: the store cannot write; the DNS goes on answering";
}

std::string page(const Session& session, const json::value& answer) {
  const auto row = [&](std::string_view name, const std::string& value) {
    return value.empty() ? std::string() : session.paint(Color::dim, fmt::format("{:<12}", name)) + value + "\n";
  };
  const json::value nothing = json::object();
  const json::value* const listeners = find_field(answer, "listeners");
  const json::value& where = listeners == nullptr ? nothing : *listeners;
  const bool is_ready = is_true(answer, "ready");
  std::string text = row("version", text_at(answer, "version"));
  text += row("up for", short_time(number_at(answer, "uptime_ms")));
  text +=
      row("ready", is_ready ? session.paint(Color::green, "yes") : session.paint(Color::red, why_not_ready(answer)));
  text += row("cluster", cluster_of(answer));
  text += row("on the roll", fmt::format("{} of {}, index {}", counted(number_at(answer, "instances"), "instance"),
                                         counted(number_at(answer, "services"), "service"), text_at(answer, "index")));
  if (is_true(answer, "mass_silence")) {
    text += row("silence", session.paint(Color::red, "too many leases would end at once: their ends are put off"));
  }
  text += row("zones", zones_of(answer));
  text += row("dns", list_at(where, "dns", ", "));
  text += row("dns, TLS", list_at(where, "dns_tls", ", "));
  text += row("http", list_at(where, "http", ", "));
  text += row("https", list_at(where, "https", ", "));
  return text + row("ignored", session.paint(Color::yellow, list_at(answer, "ignored_rows", "; ")));
}

// Of /readyz, which needs no token. A server that is not ready answers 503 with the reason.
Result<int> ready(Session& session) {
  const auto answer = session.get("/readyz");
  if (!answer) return std::unexpected(answer.error());
  if (find_field(*answer, "status") == nullptr) return std::unexpected(no_registry());
  session.wants_json() ? session.print_json(*answer) : session.print(text_at(*answer, "status") + "\n");
  return k_done;
}

Result<int> status(Session& session, const Flags& flags) {
  if (flags.only_ready) return ready(session);
  const auto answer = session.get("/v1/status");
  if (!answer) return std::unexpected(answer.error());
  if (find_field(*answer, "version") == nullptr) return std::unexpected(no_registry());
  session.wants_json() ? session.print_json(*answer) : session.print(page(session, *answer));
  return is_true(*answer, "ready") ? k_done : k_unreachable;
}

Action declare(Options& options) {
  auto flags = std::make_shared<Flags>();
  options.flag("--ready", flags->only_ready, "ask only whether it can register and answer; needs no token");
  return [flags](Session& session) { return status(session, *flags); };
}

}  // namespace

extern const Command k_status{
    .name = "status",
    .synopsis = "[--ready]",
    .summary = "the server: version, zones, counts, listeners",
    .description =
        "What the server says about itself. The exit code is 3 where it answers but cannot register anybody, "
        "because the store cannot write, or because it is no member of its cluster.\n\n"
        "With --ready it asks GET /readyz alone, which needs no token: for health checks of containers and load "
        "balancers.",
    .examples = {{"rollcall status", "how is it?"},
                 {"rollcall status --ready", "a health check: exit code 0, or 3"},
                 {"rollcall status --json | jq .instances", "how many are on the roll"}},
    .asks = Asks::http,
    .trial = {},
    .declare = declare,
};

}  // namespace rollcall::cli
