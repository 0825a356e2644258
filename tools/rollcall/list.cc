// `rollcall list`: lists the services, or the instances of one service.
#include <boost/json/serialize.hpp>
#include <chrono>
#include <memory>
#include <thread>
#include <unistd.h>

#include "base/duration.h"
#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/instance_table.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/yaml.h"

namespace rollcall::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds k_change_wait{30'000};  // of a service: it answers when it changes
constexpr milliseconds k_look_again{1'000};    // at the list of services, which nobody can wait for
constexpr std::string_view k_clear = "\x1b[H\x1b[2J";

struct Flags {
  std::string service;
  std::string tag;
  std::string status;
  std::string output = "table";
  bool wants_names = false;
  bool watches = false;
};

// What `list` shows, and the index to wait for a change of.
struct Listing {
  std::string text;
  std::string index;
};

std::string encoded(const Session& session, const Flags& flags, const boost::json::value& answer) {
  if (flags.output == "yaml") return as_yaml(answer);
  return session.wants_json() || flags.output == "json" ? boost::json::serialize(answer) + "\n" : std::string();
}

Result<Listing> list_services(Session& session, const Flags& flags) {
  const auto answer = session.get(target_of("/v1/services", {}, {{"zone", session.globals().zone}}));
  if (!answer) return std::unexpected(answer.error());
  const auto services = rows_at(*answer, "services");
  if (!services) return std::unexpected(services.error());
  if (std::string text = encoded(session, flags, *answer); !text.empty()) return Listing{std::move(text), {}};
  const bool is_wide = flags.output == "wide";
  Table table(is_wide ? std::vector<std::string>{"SERVICE", "READY", "TOTAL", "ZONE", "TAGS"}
                      : std::vector<std::string>{"SERVICE", "READY", "TOTAL", "TAGS"});
  std::string names;
  for (const boost::json::value& service : **services) {
    const std::string name = text_at(service, "service");
    const std::int64_t ready = number_at(service, "ready");
    const Color color = ready == 0 ? Color::red : Color::green;
    names += name + "\n";
    std::vector<std::string> row{name, session.paint(color, std::to_string(ready)), text_at(service, "total")};
    if (is_wide) row.push_back(text_at(service, "zone"));
    row.push_back(list_at(service, "tags"));
    table.add(std::move(row));
  }
  return Listing{flags.wants_names ? std::move(names) : table.text(session.is_colored()), {}};
}

Table wide_table(const Session& session, const boost::json::array& instances) {
  Table table({"ID", "ADDRESS", "PORT", "PROTOCOL", "STATUS", "SINCE", "LEASE", "TTL", "PRIORITY", "WEIGHT", "TAGS",
               "META", "REGISTERED"});
  for (const boost::json::value& each : instances) {
    table.add({text_at(each, "id"), list_at(each, "addresses"), text_at(each, "port"), text_at(each, "protocol"),
               painted_status(session, each), text_at(each, "status_since"), lease_left_of(each), text_at(each, "ttl"),
               text_at(each, "priority"), text_at(each, "weight"), list_at(each, "tags"), pairs_at(each, "meta"),
               text_at(each, "registered_at")});
  }
  return table;
}

// `index`: empty, or the answer comes when the service is at another one.
Result<Listing> list_instances(Session& session, const Flags& flags, const std::string& index) {
  client::HttpRequest request;
  request.target = target_of("/v1/services", {flags.service},
                             {{"zone", session.globals().zone},
                              {"tag", flags.tag},
                              {"status", flags.status},
                              {"index", index},
                              {"wait", index.empty() ? std::string() : format_duration(k_change_wait)}});
  if (!index.empty()) request.longer = k_change_wait;
  const auto answer = session.ask(request);
  if (!answer) return std::unexpected(answer.error());
  const auto instances = rows_at(*answer, "instances");
  if (!instances) return std::unexpected(instances.error());
  Listing listing{encoded(session, flags, *answer), text_at(*answer, "index")};
  if (!listing.text.empty()) return listing;
  if (flags.output == "wide" && !flags.wants_names) {
    listing.text = wide_table(session, **instances).text(session.is_colored());
    return listing;
  }
  Table table = instance_table();
  for (const boost::json::value& instance : **instances) {
    if (flags.wants_names) listing.text += text_at(instance, "id") + "\n";
    add_instance(table, session, instance);
  }
  if (!flags.wants_names) listing.text = table.text(session.is_colored());
  return listing;
}

Result<Listing> look(Session& session, const Flags& flags, const std::string& index) {
  return flags.service.empty() ? list_services(session, flags) : list_instances(session, flags, index);
}

// Prints again when something has changed, until it is stopped; on a terminal in the same place.
Result<int> watch(Session& session, const Flags& flags, Listing seen) {
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  session.print((is_terminal ? std::string(k_clear) : std::string()) + seen.text);
  for (;;) {
    if (flags.service.empty()) std::this_thread::sleep_for(k_look_again);
    auto now = look(session, flags, seen.index);
    if (!now) return std::unexpected(now.error());
    const bool has_changed = flags.service.empty() ? now->text != seen.text : now->index != seen.index;
    if (has_changed) session.print((is_terminal ? std::string(k_clear) : "\n") + now->text);
    seen = std::move(*now);
  }
}

Result<int> list(Session& session, const Flags& flags) {
  if (flags.service.empty() && !(flags.tag.empty() && flags.status.empty()))
    return failure(Errc::start_up, "--tag and --status choose among the instances of a service, so name one");
  auto listing = look(session, flags, {});
  if (!listing) return std::unexpected(listing.error());
  if (flags.watches) return watch(session, flags, std::move(*listing));
  session.print(listing->text);
  return k_done;
}

Action declare(Options& options) {
  auto flags = std::make_shared<Flags>();
  options.argument("SERVICE", flags->service, "its instances, instead of the services").offers(Offer::services);
  options.value("--tag", "TAG", flags->tag, "only instances with this tag");
  options.value("--status", "STATUS", flags->status, "only instances in this state")
      .one_of({"ready", "draining", "critical"});
  options.flag("--names", flags->wants_names, "print only names, or ids, one a line");
  options.value("-o,--output", "FORMAT", flags->output, "how it is printed (default table)")
      .one_of({"table", "wide", "json", "yaml"});
  options.flag("--watch", flags->watches, "print it again whenever it has changed, until stopped");
  return [flags](Session& session) { return list(session, *flags); };
}

}  // namespace

extern const Command k_list{
    .name = "list",
    .synopsis = "[SERVICE] [--tag TAG] [--status STATUS] [-o FORMAT] [--watch]",
    .summary = "the services, or the instances of one",
    .description =
        "Without SERVICE, each service of the zone with the number of its instances that are answered (READY) "
        "and of all whose lease runs (TOTAL).\n\n"
        "With SERVICE, its instances by id. LEASE is what is left until an instance without a heartbeat is gone. With "
        "-o wide there are more columns; json and yaml have every field.",
    .examples = {{"rollcall list", "every service"},
                 {"rollcall list web --tag blue", "the instances of web that have the tag blue"},
                 {"rollcall list web -o wide --watch", "with all columns, again at each change"},
                 {"rollcall list web --names --status ready", "their ids, for a script"}},
    .asks = Asks::http,
    .trial = {},
    .declare = declare,
};

}  // namespace rollcall::cli
