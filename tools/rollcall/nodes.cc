// `rollcall nodes`: lists the nodes of a cluster, as the node that answers sees them.
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/instance_table.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/table.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;

bool is_true(const json::value& object, std::string_view key) {
  const json::value* const value = find_field(object, key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

bool is_known(const json::value& object, std::string_view key) {
  const json::value* const value = find_field(object, key);
  return value != nullptr && !value->is_null();
}

std::string status_of(const Session& session, const json::value& node) {
  const std::string status = text_at(node, "status");
  if (status == "member") return session.paint(Color::green, status);
  return session.paint(status == "gone" ? Color::red : Color::yellow, status);
}

// "-" where the answering node does not know.
std::string known_text(const json::value& node, std::string_view key) {
  return is_known(node, key) ? text_at(node, key) : "-";
}

std::string lag_of(const json::value& node) {
  return is_known(node, "lag_ms") ? short_time(number_at(node, "lag_ms")) : "-";
}

Result<int> nodes(Session& session) {
  const auto answer = session.get("/v1/nodes");
  if (!answer) return std::unexpected(answer.error());
  const auto list = rows_at(*answer, "nodes");
  if (!list) return std::unexpected(list.error());
  if (session.wants_json()) {
    session.print_json(*answer);
    return k_done;
  }
  Table table({"NODE", "STATUS", "HTTP", "VERSION", "HEARS", "LAG", "DIFFERS"});
  for (const json::value& node : **list) {
    const std::string mark = is_true(node, "is_self") ? " *" : "";
    table.add({text_at(node, "node") + mark, status_of(session, node), known_text(node, "http"),
               known_text(node, "version"), list_at(node, "hears"), lag_of(node),
               session.paint(Color::yellow, list_at(node, "differs"))});
  }
  session.print(table.text(session.is_colored()));
  return k_done;
}

Action declare(Options&) { return nodes; }

}  // namespace

extern const Command k_nodes{
    .name = "nodes",
    .synopsis = "",
    .summary = "the nodes of the cluster",
    .description =
        "As the node that answers sees them, which is marked with a star. STATUS is member (it answers heartbeats), "
        "joining, leaving, or gone (it has stopped, or is cut off). HEARS names the nodes it hears, LAG is how late it "
        "shows changes, and DIFFERS says what it has other than the node that answers: zones, settings or version.\n\n"
        "A server without a cluster is one node, itself.",
    .examples = {{"rollcall nodes", "who is there?"},
                 {"rollcall --http 192.0.2.7:8500 nodes", "the same, as another node sees it"},
                 {"rollcall nodes --json | jq -r '.nodes[] | select(.status != \"member\").node'",
                  "those that are missing"}},
    .asks = Asks::http,
    .trial = {},
    .declare = declare,
};

}  // namespace rollcall::cli
