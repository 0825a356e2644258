// `rollcall show`: shows one instance with all its fields.
#include <array>
#include <boost/json/object.hpp>
#include <fmt/format.h>
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
  std::string id;
};

std::string meta_of(const boost::json::value& instance) {
  const boost::json::value* const meta = find_field(instance, "meta");
  const boost::json::object* const pairs = meta == nullptr ? nullptr : meta->if_object();
  if (pairs == nullptr) return {};
  std::string text;
  for (const auto& pair : *pairs) {
    const std::string_view key(pair.key().data(), pair.key().size());
    if (!text.empty()) text += ", ";
    text += fmt::format("{}={}", printable(key), text_at(*meta, key));
  }
  return text;
}

std::string page(const Session& session, const boost::json::value& instance) {
  const std::string left = lease_left_of(instance);
  const std::array<std::pair<std::string_view, std::string>, 14> rows{{
      {"service", text_at(instance, "service") + " in " + text_at(instance, "zone")},
      {"id", text_at(instance, "id")},
      {"name",
       fmt::format("{}.{}.{}", text_at(instance, "label"), text_at(instance, "service"), text_at(instance, "zone"))},
      {"status", fmt::format("{} since {}", painted_status(session, instance), text_at(instance, "status_since"))},
      {"output", text_at(instance, "output")},
      {"addresses", list_at(instance, "addresses", ", ")},
      {"port", text_at(instance, "port") + "/" + text_at(instance, "protocol")},
      {"priority", text_at(instance, "priority")},
      {"weight", text_at(instance, "weight")},
      {"tags", list_at(instance, "tags", ", ")},
      {"meta", meta_of(instance)},
      {"lease", left == "none" ? left : fmt::format("{} left of {}", left, text_at(instance, "ttl"))},
      {"registered", text_at(instance, "registered_at")},
      {"index", text_at(instance, "index")},
  }};
  std::string text;
  for (const auto& [name, value] : rows) {
    if (!value.empty()) text += session.paint(Color::dim, fmt::format("{:<12}", name)) + value + "\n";
  }
  return text;
}

Result<int> show(Session& session, const Flags& flags) {
  const auto answer = session.get(
      target_of("/v1/services", {flags.service, "/instances", flags.id}, {{"zone", session.globals().zone}}));
  if (!answer) return std::unexpected(answer.error());
  if (find_field(*answer, "id") == nullptr) return std::unexpected(no_registry());
  session.wants_json() ? session.print_json(*answer) : session.print(page(session, *answer));
  return k_done;
}

Action declare(Options& options) {
  auto flags = std::make_shared<Flags>();
  options.argument("SERVICE", flags->service, "of the instance").required().offers(Offer::services);
  options.argument("ID", flags->id, "the instance").required();
  return [flags](Session& session) { return show(session, *flags); };
}

}  // namespace

extern const Command k_show{
    .name = "show",
    .synopsis = "SERVICE ID",
    .summary = "one instance with all its fields",
    .description =
        "Everything the registry knows of one instance: addresses, status and since when, what its check said, "
        "what is left of its lease.",
    .examples = {{"rollcall show web web-1", "the instance web-1 of the service web"},
                 {"rollcall show web web-1 --json", "the same as JSON"}},
    .asks = Asks::http,
    .trial = {"web", "web-1"},
    .declare = declare,
};

}  // namespace rollcall::cli
