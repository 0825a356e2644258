// `rollcall events`: prints the recorded history, or follows new events.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <memory>
#include <ranges>
#include <thread>

#include "client/problem.h"
#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/session.h"

namespace rollcall::cli {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

// The server sends at least a keep-alive every 15 s.
constexpr milliseconds k_idle_max{40'000};
constexpr milliseconds k_pause{500};  // before reconnecting a broken stream

constexpr std::uint64_t k_limit = 20;

struct Flags {
  std::string service;
  std::string id;
  std::optional<std::uint64_t> limit;
  bool follows = false;
};

Color color_of(std::string_view event) {
  if (event == "registered" || event == "ready") return Color::green;
  if (event == "draining" || event == "updated") return Color::yellow;
  return Color::red;
}

std::string line_of(const Session& session, const json::value& event) {
  const std::string name = text_at(event, "event");
  std::string line = fmt::format("{}  {}  {}/{}  {}", session.paint(Color::dim, text_at(event, "at")),
                                 session.paint(color_of(name), fmt::format("{:<12}", name)), text_at(event, "service"),
                                 text_at(event, "id"), text_at(event, "cause"));
  if (const std::string by = text_at(event, "by"); !by.empty()) line += " by " + by;
  if (const std::string detail = text_at(event, "detail"); !detail.empty()) line += ": " + detail;
  return line + "\n";
}

void print_event(const Session& session, const json::value& event) {
  session.wants_json() ? session.print_json(event) : session.print(line_of(session, event));
}

// The oldest first, as a log reads.
Result<int> history(Session& session, const Flags& flags, std::string& last_id) {
  const auto answer = session.get(target_of("/v1/events", {},
                                            {{"zone", session.globals().zone},
                                             {"service", flags.service},
                                             {"id", flags.id},
                                             {"limit", std::to_string(flags.limit.value_or(k_limit))}}));
  if (!answer) return std::unexpected(answer.error());
  const auto events = rows_at(*answer, "events");
  if (!events) return std::unexpected(events.error());
  for (const json::value& event : std::views::reverse(**events)) {
    print_event(session, event);
    last_id = text_at(event, "event_id");
  }
  return k_done;
}

Result<int> follow(Session& session, const Flags& flags) {
  const auto client = session.client();
  if (!client) return std::unexpected(client.error());
  client::HttpRequest request;
  request.target = target_of("/v1/watch", {}, {{"zone", session.globals().zone}, {"service", flags.service}});
  if (flags.limit) {  // the last of the past first; the stream goes on after them
    const auto shown = history(session, flags, request.last_event_id);
    if (!shown) return shown;
  }
  bool has_begun = false;
  const auto print_one = [&](const client::ServerEvent& event) {
    has_begun = true;
    request.last_event_id = event.id;
    boost::system::error_code error;
    const json::value fields = json::parse(event.data.empty() ? "null" : event.data, error);
    if (event.name == "gap") session.remark(text_at(fields, "detail"));
    if (!fields.is_object() || event.name == "gap") return true;
    if (flags.id.empty() || raw_text_at(fields, "id") == flags.id) print_event(session, fields);
    return true;
  };
  for (;;) {
    has_begun = false;
    const auto ended = (*client)->stream(request, k_idle_max, print_one);
    if (ended && !ended->is_ok()) return std::unexpected(client::problem_of(*ended));
    // A stream that never began: the server is not a registry. A stream that broke is resumed after its last event.
    if (!has_begun) return std::unexpected(ended ? no_registry() : ended.error());
    std::this_thread::sleep_for(k_pause);
  }
}

Result<int> show_events(Session& session, const Flags& flags) {
  std::string last_id;
  return flags.follows ? follow(session, flags) : history(session, flags, last_id);
}

Action declare(Options& options) {
  constexpr std::uint64_t k_limit_max = 10'000;
  auto flags = std::make_shared<Flags>();
  options.argument("SERVICE", flags->service, "only of this service").offers(Offer::services);
  options.value("--id", "ID", flags->id, "only of this instance");
  options.number("-n,--lines", "N", flags->limit, 1, k_limit_max, "the last N (default 20)");
  options.flag("-f,--follow", flags->follows,
               "what happens from now on, as it happens, until stopped; with -n the last N first");
  return [flags](Session& session) { return show_events(session, *flags); };
}

}  // namespace

extern const Command k_events{
    .name = "events",
    .synopsis = "[SERVICE] [--id ID] [-n N] [--follow]",
    .summary = "who came, changed and left, and why",
    .description =
        "The recorded history, a line for each event, the latest at the end: when, what, who, and the cause: "
        "\"lease expired\", \"check failed\", \"drain started\" and so on.\n\n"
        "With --follow the events from now on. When the connection breaks they are taken up where it ended; a "
        "registry that cannot be reached again ends the command. With --json a line is an event.",
    .examples = {{"rollcall events web -n 50", "the last 50 of web"},
                 {"rollcall events --follow -n 10", "the last 10, and what happens from now on"},
                 {"rollcall events --follow --json | jq .cause", "the causes of all that happens"}},
    .asks = Asks::http,
    .trial = {},
    .declare = declare,
};

}  // namespace rollcall::cli
