// `rollcall import`: registers instances from JSON lines, over several connections.
#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>

#include "base/counted.h"
#include "client/problem.h"
#include "tools/rollcall/campaign.h"
#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/import_consul.h"
#include "tools/rollcall/registries.h"
#include "tools/rollcall/replace_file.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t k_file_bytes_max = std::size_t{1} << 30;
constexpr std::size_t k_failures_said_max = 20;

struct Asked {
  std::string file;
  std::uint64_t connections = 8;
  ConsulImport consul;
};

struct Line {
  std::size_t number;  // from 1
  std::string text;
};

struct Outcome {
  std::size_t registered = 0;
  std::size_t renewed = 0;
  std::map<std::size_t, Error> failures;  // by line
};

Result<std::string> read_input(const std::string& file) {
  if (!file.empty() && file != "-") return read_file(file, k_file_bytes_max);
  return read_stream(std::cin, "stdin", k_file_bytes_max);
}

std::vector<Line> split(std::string_view text) {
  std::vector<Line> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) lines.push_back({number, std::string(line)});
  }
  return lines;
}

// With --zone, sets the zone of the registration. A line that is not a JSON object is sent unchanged: the registry
// returns the best error message for it.
void move_to_zone(Line& line, const std::string& zone) {
  boost::system::error_code error;
  json::value value = json::parse(line.text, error);
  if (error || !value.is_object()) return;
  value.get_object()["zone"] = zone;
  line.text = json::serialize(value);
}

// `registry`: which one, where there are several; else empty.
void say(Session& session, const std::string& registry, const Outcome& outcome, std::size_t lines) {
  if (session.wants_json()) {
    json::array failures;
    for (const auto& [number, error] : outcome.failures) {
      failures.push_back(json::object{{"line", number}, {"field", error.field}, {"detail", error.message}});
    }
    json::object said{{"lines", lines},
                      {"registered", outcome.registered},
                      {"renewed", outcome.renewed},
                      {"failed", std::move(failures)}};
    if (!registry.empty()) said["registry"] = registry;
    session.print_json(said);
    return;
  }
  const std::string prefix = registry.empty() ? "" : registry + ": ";
  std::size_t said = 0;
  for (const auto& [number, error] : outcome.failures) {
    if (said++ == k_failures_said_max) {
      session.remark(
          fmt::format("{}and {}", prefix, counted(outcome.failures.size() - k_failures_said_max, "more line")));
      break;
    }
    session.remark(fmt::format("{}line {}: {}", prefix, number, error.message));
  }
  session.print(fmt::format("{}{} registered, {} renewed, {} failed\n", prefix, outcome.registered, outcome.renewed,
                            outcome.failures.size()));
}

struct Import {
  const std::vector<Line>& lines;
  std::size_t connections;
  Signals& signals;
  bool is_interrupted = false;
};

// Into the one registry of `settings`; the whole outcome is said.
Result<int> import_into(Session& session, const client::HttpSettings& settings, const std::string& registry,
                        Import& import) {
  if (import.is_interrupted) return failure(Errc::unreachable, "interrupted: nothing was registered");
  Outcome outcome;
  Campaign campaign;
  campaign.title = "registering";
  campaign.calls = import.lines.size();
  campaign.connections = import.connections;
  campaign.make = [&import](std::size_t number) {
    client::HttpRequest request;
    request.method = "POST";
    request.target = "/v1/heartbeat";
    request.body = import.lines[number].text;
    return request;
  };
  campaign.told = [&](std::size_t number, const Result<client::HttpResponse>& response, std::chrono::microseconds) {
    if (!response->is_ok()) {
      outcome.failures.emplace(import.lines[number].number, client::problem_of(*response));
    } else {
      ++(response->status == 201 ? outcome.registered : outcome.renewed);
    }
  };
  const Result<Ended> ended = run_campaign(campaign, settings, import.signals);
  const bool has_told = outcome.registered + outcome.renewed + outcome.failures.size() > 0;
  if (ended || has_told) say(session, registry, outcome, import.lines.size());
  if (!ended) return std::unexpected(ended.error());
  import.is_interrupted = ended->is_interrupted;
  if (import.is_interrupted) return failure(Errc::unreachable, "interrupted: the rest was not registered");
  return outcome.failures.empty() ? k_done : exit_code(outcome.failures.begin()->second.code);
}

// One registry after the other: each has all the connections, and its own progress.
Result<int> import_lines(Session& session, const Asked& asked) {
  const Result<std::string> text = read_input(asked.file);
  if (!text) return std::unexpected(text.error());
  std::vector<Line> lines = split(*text);
  for (Line& line : lines) {
    if (!session.globals().zone.empty()) move_to_zone(line, session.globals().zone);
  }
  Signals signals({SIGINT, SIGTERM});
  Import import{.lines = lines, .connections = asked.connections, .signals = signals};
  const std::vector<Globals> registries = registries_of(session.globals());
  std::vector<std::pair<std::string, Result<int>>> outcomes;
  for (const Globals& globals : registries) {
    const Result<client::HttpSettings> settings = http_settings(globals);
    if (!settings) return std::unexpected(settings.error());
    const std::string& name = globals.http.front();
    outcomes.emplace_back(name, import_into(session, *settings, registries.size() > 1 ? name : "", import));
  }
  return sum_up(session, outcomes);
}

Action declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.argument("FILE", asked->file, "JSON lines; without it, or as -, stdin").offers(Offer::files);
  options.number("--connections", "N", asked->connections, 1, 256, "so many at a time (default 8)");
  ConsulImport& consul = asked->consul;
  options.value("--from-consul", "URL", consul.url, "copy what this Consul holds, instead of lines");
  options.value("--every", "DURATION", consul.every, "copy again and again, until stopped: both stay in step");
  options.flag("--dry-run", consul.is_trial, "with --from-consul: only say what would be done");
  options.flag("--overwrite", consul.replaces_values, "also keys that have another value here");
  options.value("--consul-token", "TOKEN", consul.token, "for that Consul");
  options.value("--consul-token-file", "FILE", consul.token_file, "the same, in a file").offers(Offer::files);
  return [asked](Session& session) -> Result<int> {
    if (asked->consul.url.empty()) return import_lines(session, *asked);
    if (!asked->file.empty()) return failure(Errc::start_up, "--from-consul reads no FILE: leave one of them out");
    return import_consul(session, asked->consul);
  };
}

}  // namespace

extern const Command k_import{
    .name = "import",
    .synopsis = "[FILE | --from-consul URL] [--connections N]",
    .summary = "register what JSON lines say, or what a Consul holds",
    .description =
        "Each line is a registration, as `rollcall export` writes it and POST /v1/heartbeat takes it. Leases begin "
        "with "
        "the import; who is not there to renew its own is gone when it ends. With --zone everything goes to that "
        "zone.\n\n"
        "A line that the registry refuses is named with its number and the reason, and does not stop the others; the "
        "exit "
        "code is that of the first one. The order in which lines are registered is not that of the file.\n\n"
        "With --from-consul, services with their instances, keys and prepared queries of a Consul are copied, as often "
        "as "
        "you like: what is the same is left alone, what an earlier copy has brought and is gone there is deregistered. "
        "Instances come without a lease, with the status they have there, until they register here by themselves. What "
        "is not copied (locks, sessions, templates, the mesh) is named with the reason.",
    .examples = {{"rollcall import roll.jsonl", "what `rollcall export roll.jsonl` has written"},
                 {"rollcall --http https://other:8500 export | rollcall import", "from one registry to another"},
                 {"rollcall import --from-consul http://consul:8500 --every 10s",
                  "in step with a Consul, until you move"}},
    .asks = Asks::http,
    .trial = {},
    .declare = declare,
};

}  // namespace rollcall::cli
