// `rollcall explain`: what the DNS answers for a name, which instances are left out, and why.
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <memory>

#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/table.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

struct Flags {
  std::string name;
  std::string type;
};

std::string records_of(const Session& session, const json::array& records) {
  Table table({"NAME", "TTL", "TYPE", "DATA", "BECAUSE", "OF"});
  for (const json::value& record : records) {
    table.add({text_at(record, "name"), text_at(record, "ttl"), text_at(record, "type"), text_at(record, "data"),
               text_at(record, "rule"), list_at(record, "instances", ", ")});
  }
  return table.empty() ? std::string() : "\n" + table.text(session.is_colored());
}

std::string left_out_of(const Session& session, const json::value& answer) {
  const auto left_out = rows_at(answer, "left_out");
  if (!left_out || (*left_out)->empty()) return {};
  Table table({"LEFT OUT", "STATUS", "BECAUSE"});
  for (const json::value& each : **left_out) {
    table.add({text_at(each, "id"), text_at(each, "status"), text_at(each, "detail")});
  }
  std::string text = "\n" + table.text(session.is_colored());
  if (const auto more = number_at(answer, "left_out_more"); more > 0) text += fmt::format("and {} more\n", more);
  return text;
}

Result<int> explain(Session& session, const Flags& flags) {
  const auto answer = session.get(
      target_of("/v1/explain", {}, {{"zone", session.globals().zone}, {"name", flags.name}, {"type", flags.type}}));
  if (!answer) return std::unexpected(answer.error());
  const auto records = rows_at(*answer, "answer");
  if (!records) return std::unexpected(records.error());
  if (session.wants_json()) {
    session.print_json(*answer);
    return k_done;
  }
  const std::string rcode = text_at(*answer, "rcode");
  session.print(fmt::format("{}\n{}, by the rule {}\n", session.paint(Color::bold, text_at(*answer, "sentence")),
                            session.paint(rcode == "NOERROR" ? Color::green : Color::yellow, rcode),
                            text_at(*answer, "rule")) +
                records_of(session, **records) + left_out_of(session, *answer));
  return k_done;
}

Action declare(Options& options) {
  auto flags = std::make_shared<Flags>();
  options.argument("NAME", flags->name, "the name; below the zone unless it ends with one").required();
  options.argument("TYPE", flags->type, "A unless named; SRV, AAAA, TXT, ANY …");
  return [flags](Session& session) { return explain(session, *flags); };
}

}  // namespace

extern const Command k_explain{
    .name = "explain",
    .synopsis = "NAME [TYPE]",
    .summary = "what the DNS answers for a name, and why; who is left out, and why",
    .description =
        "The server's own account: the rule that made each record and the instances it stands for, and for every "
        "instance that is not in the answer the reason: draining, a failed check, a better priority, no address "
        "of the family, another tag. It counts as no query.",
    .examples = {{"rollcall explain web.svc.internal", "why is web-2 not among the addresses?"},
                 {"rollcall explain _web._tcp SRV", "the same of SRV, in the first zone"}},
    .asks = Asks::http,
    .trial = {"web"},
    .declare = declare,
};

}  // namespace rollcall::cli
