// `rollcall export`: the roll as JSON lines, each of which `import`, or POST /v1/heartbeat, takes back.
#include <boost/json.hpp>
#include <fmt/format.h>
#include <memory>

#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/replace_file.h"
#include "tools/rollcall/roll.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

// Fields that the registry adds to an instance: they are not part of a registration, so `export` omits them.
constexpr std::string_view k_not_registered[] = {"label",   "status",        "ttl_ms",       "expires_in_ms", "index",
                                                 "address", "registered_at", "status_since", "output"};

struct Asked {
  std::string file;
  std::vector<std::string> services;
};

Result<std::string> lines_of(Session& session, const std::string& service) {
  const Result<json::value> answer =
      session.get(target_of("/v1/services", {service}, {{"zone", session.globals().zone}}));
  if (!answer) return std::unexpected(answer.error());
  const Result<const json::array*> instances = rows_at(*answer, "instances");
  if (!instances) return std::unexpected(instances.error());
  std::string lines;
  for (const json::value& instance : **instances) {
    if (!instance.is_object()) return std::unexpected(no_registry());
    json::object registration = instance.get_object();
    for (const std::string_view name : k_not_registered) registration.stable_erase(name);
    lines += json::serialize(registration) + "\n";
  }
  return lines;
}

Result<int> export_roll(Session& session, const Asked& asked) {
  std::vector<std::string> services = asked.services;
  if (services.empty()) {
    Result<std::vector<std::string>> names = read_service_names(session);
    if (!names) return std::unexpected(names.error());
    services = std::move(*names);
  }
  std::string lines;
  for (const std::string& service : services) {
    const Result<std::string> more = lines_of(session, service);
    const bool has_gone = !more && more.error().code == Errc::unknown_service && asked.services.empty();
    if (!more && !has_gone) return std::unexpected(more.error());
    if (more) lines += *more;
  }
  if (asked.file.empty() || asked.file == "-") {
    session.print(lines);
    return k_done;
  }
  if (const Result<void> written = replace_file(asked.file, lines); !written) return std::unexpected(written.error());
  return k_done;
}

Action declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.argument("FILE", asked->file, "where to; without it, or as -, stdout").offers(Offer::files);
  options.value("--service", "SERVICE", asked->services, "only this service; may come several times")
      .repeatable()
      .offers(Offer::services);
  return [asked](Session& session) { return export_roll(session, *asked); };
}

}  // namespace

extern const Command k_export{
    .name = "export",
    .synopsis = "[FILE] [--service SERVICE]…",
    .summary = "the roll as JSON lines",
    .description =
        "One line for each instance of the zone: its registration, as `rollcall import` and POST /v1/heartbeat take "
        "it. "
        "What is not registered is not in it: how much of the lease is left, and whether it is draining or "
        "critical.\n\n"
        "FILE is replaced as a whole, when everything has been read.",
    .examples = {{"rollcall export roll.jsonl", "everything, into a file"},
                 {"rollcall export --service web | jq .addresses[]", "the addresses of web"},
                 {"rollcall export | rollcall --http https://other:8500 import", "from one registry to another"}},
    .asks = Asks::http,
    .trial = {},
    .declare = declare,
};

}  // namespace rollcall::cli
