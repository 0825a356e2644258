// `rollcall list`: lists the services, or the instances of one service.
#include <memory>

#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/instance_table.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

struct Flags {
  std::string service;
  std::string tag;
  std::string status;
  bool wants_names = false;
};

Result<int> list_services(Session& session, const Flags& flags) {
  const auto answer = session.get(target_of("/v1/services", {}, {{"zone", session.globals().zone}}));
  if (!answer) return std::unexpected(answer.error());
  const auto services = rows_at(*answer, "services");
  if (!services) return std::unexpected(services.error());
  if (session.wants_json()) {
    session.print_json(*answer);
    return k_done;
  }
  Table table({"SERVICE", "READY", "TOTAL", "TAGS"});
  for (const boost::json::value& service : **services) {
    const std::string name = text_at(service, "service");
    const std::int64_t ready = number_at(service, "ready");
    const Color color = ready == 0 ? Color::red : Color::green;
    if (flags.wants_names) session.print(name + "\n");
    table.add({name, session.paint(color, std::to_string(ready)), text_at(service, "total"), list_at(service, "tags")});
  }
  if (!flags.wants_names) session.print(table.text(session.is_colored()));
  return k_done;
}

Result<int> list_instances(Session& session, const Flags& flags) {
  const auto answer =
      session.get(target_of("/v1/services", {flags.service},
                            {{"zone", session.globals().zone}, {"tag", flags.tag}, {"status", flags.status}}));
  if (!answer) return std::unexpected(answer.error());
  const auto instances = rows_at(*answer, "instances");
  if (!instances) return std::unexpected(instances.error());
  if (session.wants_json()) {
    session.print_json(*answer);
    return k_done;
  }
  Table table = instance_table();
  for (const boost::json::value& instance : **instances) {
    if (flags.wants_names) session.print(text_at(instance, "id") + "\n");
    add_instance(table, session, instance);
  }
  if (!flags.wants_names) session.print(table.text(session.is_colored()));
  return k_done;
}

Result<int> list(Session& session, const Flags& flags) {
  if (!flags.service.empty()) return list_instances(session, flags);
  if (flags.tag.empty() && flags.status.empty()) return list_services(session, flags);
  return failure(Errc::start_up, "--tag and --status choose among the instances of a service, so name one");
}

Action declare(Options& options) {
  auto flags = std::make_shared<Flags>();
  options.argument("SERVICE", flags->service, "its instances, instead of the services").offers(Offer::services);
  options.value("--tag", "TAG", flags->tag, "only instances with this tag");
  options.value("--status", "STATUS", flags->status, "only instances in this state")
      .one_of({"ready", "draining", "critical"});
  options.flag("--names", flags->wants_names, "print only names, or ids, one a line");
  return [flags](Session& session) { return list(session, *flags); };
}

}  // namespace

extern const Command k_list{
    .name = "list",
    .synopsis = "[SERVICE] [--tag TAG] [--status STATUS]",
    .summary = "the services, or the instances of one",
    .description =
        "Without SERVICE, each service of the zone with the number of its instances that are answered (READY) "
        "and of all whose lease runs (TOTAL).\n\n"
        "With SERVICE, its instances by id. LEASE is what is left until an instance without a heartbeat is gone.",
    .examples = {{"rollcall list", "every service"},
                 {"rollcall list web --tag blue", "the instances of web that have the tag blue"},
                 {"rollcall list web --names --status ready", "their ids, for a script"}},
    .asks = Asks::http,
    .trial = {},
    .declare = declare,
};

}  // namespace rollcall::cli
