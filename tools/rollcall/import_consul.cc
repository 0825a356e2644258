#include "tools/rollcall/import_consul.h"

#include <boost/json.hpp>
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <string>

#include "base/counted.h"
#include "client/base_url.h"
#include "tools/rollcall/consul_copy.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/registries.h"
#include "tools/rollcall/replace_file.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/signals.h"
#include "tools/rollcall/terminal.h"
#include "tools/rollcall/wait_readable.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t k_token_bytes_max = 4'096;
constexpr std::chrono::milliseconds k_source_timeout{60'000};  // a list of all keys may be long

json::array texts(const std::vector<std::string>& sentences) {
  json::array all;
  for (const std::string& sentence : sentences) all.emplace_back(sentence);
  return all;
}

// `registry`: which one, where there are several; else empty.
void say(Session& session, const std::string& registry, const Copied& copied, bool is_trial) {
  if (session.wants_json()) {
    json::object said{{"dry_run", is_trial},
                      {"services", copied.services},
                      {"registered", copied.registered},
                      {"deregistered", copied.deregistered},
                      {"unchanged", copied.unchanged},
                      {"keys_set", copied.keys_set},
                      {"keys_deleted", copied.keys_deleted},
                      {"keys_unchanged", copied.keys_unchanged},
                      {"queries_made", copied.queries_made},
                      {"queries_unchanged", copied.queries_unchanged},
                      {"skipped", texts(copied.skipped)},
                      {"failed", texts(copied.failures)}};
    if (!registry.empty()) said["registry"] = registry;
    session.print_json(said);
    return;
  }
  const std::string prefix = registry.empty() ? "" : registry + ": ";
  for (const std::string& sentence : copied.skipped) session.remark(prefix + "skipped: " + printable(sentence));
  for (const std::string& sentence : copied.failures) session.remark(prefix + "refused: " + printable(sentence));
  session.print(fmt::format(
      "{}{}{} of {} registered, {} deregistered, {} unchanged; {} set, {} deleted, {} unchanged; {} made, {} "
      "unchanged; {} skipped, {} refused\n",
      prefix, is_trial ? "dry run: " : "", counted(copied.registered, "instance"), counted(copied.services, "service"),
      copied.deregistered, copied.unchanged, counted(copied.keys_set, "key"), copied.keys_deleted,
      copied.keys_unchanged, counted(copied.queries_made, "prepared query", "prepared queries"),
      copied.queries_unchanged, copied.skipped.size(), copied.failures.size()));
}

Result<client::HttpClient> open_source(const Session& session, const ConsulImport& asked) {
  client::HttpSettings settings;
  settings.urls = {asked.url};
  settings.token = asked.token;
  if (!asked.token_file.empty()) {
    Result<std::string> text = read_file(asked.token_file, k_token_bytes_max);
    if (!text) return std::unexpected(text.error());
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    settings.token = std::move(*text);
  }
  settings.ca_file = session.globals().ca_file;
  settings.timeout = std::max(k_source_timeout, session.globals().timeout);
  return client::HttpClient::open(settings);
}

// The copies to one registry.
struct Target {
  std::string name;    // empty: it is the only one
  std::string remark;  // before what is said of it
  std::unique_ptr<client::HttpClient> registry;
  std::unique_ptr<ConsulCopy> copy;
  std::string last = {};  // sentences are said when they are new
};

Result<std::vector<Target>> open_targets(const Session& session, const ConsulImport& asked, client::HttpClient& source,
                                         const client::BaseUrl& url) {
  std::vector<Target> targets;
  const std::vector<Globals> registries = registries_of(session.globals());
  for (const Globals& globals : registries) {
    Result<client::HttpSettings> settings = http_settings(globals);
    if (!settings) return std::unexpected(settings.error());
    settings->timeout = std::max(k_source_timeout, settings->timeout);
    Result<client::HttpClient> registry = client::HttpClient::open(*settings);
    if (!registry) return std::unexpected(registry.error());
    const std::string name = registries.size() > 1 ? globals.http.front() : "";
    Target& target = targets.emplace_back(name, name.empty() ? "" : name + ": ",
                                          std::make_unique<client::HttpClient>(std::move(*registry)));
    target.copy = std::make_unique<ConsulCopy>(
        source, *target.registry,
        CopyRules{.source = url.authority(), .is_trial = asked.is_trial, .replaces_values = asked.replaces_values});
  }
  return targets;
}

Result<int> copy_once(Session& session, const ConsulImport& asked, Target& target) {
  const Result<Copied> copied = target.copy->copy();
  if (!copied) return std::unexpected(copied.error());
  say(session, target.name, *copied, asked.is_trial);
  return copied->failures.empty() ? k_done : k_refused;
}

void copy_again(Session& session, const ConsulImport& asked, Target& target) {
  const Result<Copied> copied = target.copy->copy();
  if (!copied) return session.remark(target.remark + copied.error().message + "; it is tried again");
  std::string sentences;
  for (const auto* list : {&copied->skipped, &copied->failures}) {
    for (const std::string& sentence : *list) sentences += sentence + '\n';
  }
  if (copied->has_changed() || sentences != target.last) say(session, target.name, *copied, asked.is_trial);
  target.last = std::move(sentences);
}

}  // namespace

Result<int> import_consul(Session& session, const ConsulImport& asked) {
  const Result<client::BaseUrl> url = client::parse_base_url(asked.url);
  if (!url) return std::unexpected(url.error());
  Result<client::HttpClient> source = open_source(session, asked);
  if (!source) return std::unexpected(source.error());
  Result<std::vector<Target>> targets = open_targets(session, asked, *source, *url);
  if (!targets) return std::unexpected(targets.error());
  if (!asked.every) {
    std::vector<std::pair<std::string, Result<int>>> outcomes;
    for (Target& target : *targets) outcomes.emplace_back(target.name, copy_once(session, asked, target));
    return sum_up(session, outcomes);
  }
  Signals signals({SIGINT, SIGTERM});
  while (true) {
    for (Target& target : *targets) copy_again(session, asked, target);
    wait_readable({signals.fd()}, std::chrono::steady_clock::now() + *asked.every);
    if (signals.take()) return k_done;
  }
}

}  // namespace rollcall::cli
