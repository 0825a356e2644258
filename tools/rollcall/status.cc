// `rollcall status`: the server itself.
#include <fmt/format.h>
#include <memory>

#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/table.h"

namespace rollcall::cli {
namespace {

Result<int> status(Session& session) {
  const auto answer = session.get("/v1/status");
  if (!answer) return std::unexpected(answer.error());
  if (find_field(*answer, "version") == nullptr) return std::unexpected(no_registry());
  session.print_json(*answer);
  return k_done;
}

Deed declare(Options&) { return status; }

}  // namespace

extern const Command k_status{
    .name = "status",
    .synopsis = "",
    .summary = "the server: version, zones, counts, listeners",
    .description = "",
    .examples = {{"rollcall status", "how is it?"}},
    .asks = Asks::http,
    .trial = {},
    .declare = declare,
};

}  // namespace rollcall::cli
