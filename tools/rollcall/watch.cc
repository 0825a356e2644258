// `rollcall watch`: shows the events of the registry live, as a table or as lines.
#include <algorithm>
#include <boost/json/array.hpp>
#include <csignal>
#include <ctime>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <unistd.h>

#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/fields.h"
#include "tools/rollcall/follower.h"
#include "tools/rollcall/screen.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/signals.h"
#include "tools/rollcall/wait_readable.h"
#include "tools/rollcall/watch_view.h"

namespace rollcall::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds k_draw_every{500};    // redraw interval, so that the bars move
constexpr milliseconds k_read_every{1'000};  // heartbeats cause no events, so poll the leases

constexpr std::size_t k_recalled = 1'000;  // events of the past that are looked through
constexpr std::string_view k_keys =
    "keys: j k one row, space b a page, s sort by name, state or lease, / filter, q quit";

// How long ago "2026-01-31T09:30:00.250Z" was. Empty: it is no such time.
std::optional<milliseconds> age_of(const std::string& at) {
  std::tm time{};
  const char* const rest = ::strptime(at.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr) return std::nullopt;
  const auto then = std::chrono::system_clock::from_time_t(::timegm(&time));
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now() - then);
}

struct Asked {
  std::string service;
  bool plain = false;
};

// One line per event, for logs and scripts. Fails if the first watch cannot start; reconnects after later breaks.
class Lines {
 public:
  Lines(Session& session, Follower& follower, Signals& signals)
      : session_(session), follower_(follower), signals_(signals) {}

  Result<int> run() {
    while (true) {
      wait_readable({follower_.descriptor(), signals_.fd()}, std::nullopt);
      if (signals_.take()) return k_done;
      const News news = follower_.take();
      if (news.is_away && !has_begun_) return std::unexpected(*news.is_away);
      if (news.is_away) session_.remark(news.is_away->message + "; trying again");
      if (news.has_come_up && has_begun_ && is_away_) session_.remark("the registry is back");
      if (news.is_away || news.has_come_up) is_away_ = news.is_away.has_value();
      if (news.is_everything_new && has_begun_)
        session_.remark("some events are not stored any more, and missing here");
      has_begun_ |= news.has_come_up;
      for (const RollEvent& event : news.events) print(event);
    }
  }

 private:
  void print(const RollEvent& event) {
    if (session_.wants_json()) return session_.print(event.json + "\n");
    const std::string cause = event.cause == event.kind ? "" : fmt::format(" ({})", printable(event.cause));
    session_.print(fmt::format("{} {} {}/{}{}\n", printable(event.at), printable(event.kind), printable(event.service),
                               printable(event.id), cause));
  }

  Session& session_;
  Follower& follower_;
  Signals& signals_;
  bool has_begun_ = false;
  bool is_away_ = false;
};

// The table on a terminal.
class Live {
 public:
  Live(Session& session, Follower& follower, Signals& ends, Signals& window, const Asked& asked)
      : session_(session),
        follower_(follower),
        ends_(ends),
        window_(window),
        asked_(asked),
        view_(asked.service.empty() ? "the roll" : asked.service) {}

  // Reads once before it changes the screen, so that an unreachable registry is reported as a normal error.
  Result<int> run() {
    if (const Result<void> read = this->read(true); !read) return std::unexpected(read.error());
    recall();
    Screen screen;
    while (true) {
      screen.show(view_.draw(frame(), steady_clock::now()));
      wait_readable({follower_.descriptor(), ends_.fd(), window_.fd(), screen.input()},
                    steady_clock::now() + k_draw_every);
      if (ends_.take() || !obey(screen.take_key())) return k_done;
      while (const std::optional<int> signal = window_.take()) {
        if (*signal == SIGTSTP) pause(screen);  // a new size is found when the next frame is drawn
      }
      take_news(follower_.take());
      if (steady_clock::now() >= next_read_) read_or_remark();
    }
  }

 private:
  // What happened last to whom is on the roll, from the history. Without one the column fills as things happen.
  void recall() {
    const auto answer = session_.get(target_of(
        "/v1/events", {},
        {{"zone", session_.globals().zone}, {"service", asked_.service}, {"limit", std::to_string(k_recalled)}}));
    const auto events = answer ? rows_at(*answer, "events") : std::unexpected(answer.error());
    if (!events) return;
    for (const boost::json::value& each : **events) {  // the newest first
      const std::optional<milliseconds> age = age_of(raw_text_at(each, "at"));
      if (!age) continue;
      view_.recall({.kind = raw_text_at(each, "event"),
                    .cause = raw_text_at(each, "cause"),
                    .at = {},
                    .service = raw_text_at(each, "service"),
                    .id = raw_text_at(each, "id"),
                    .json = {}},
                   steady_clock::now() - *age);
    }
  }

  // A key. False: the end. While a filter is typed, every key belongs to it.
  bool obey(char key) {
    const auto page = static_cast<std::ptrdiff_t>(std::max<std::size_t>(frame().rows, 5) - 4);
    if (key == 0) return true;
    if (is_filtering_) return type(key), true;
    switch (key) {
      case 'q': return false;
      case 'j': view_.scroll(1); break;
      case 'k': view_.scroll(-1); break;
      case ' ': view_.scroll(page); break;
      case 'b': view_.scroll(-page); break;
      case 's': view_.sort_by_next(); break;
      case '/':
        is_filtering_ = true;
        filter_.clear();
        type(0);
        break;
      case '?': view_.set_remark(std::string(k_keys)); break;
      default: break;
    }
    return true;
  }

  void type(char key) {
    constexpr char k_escape = 27;
    constexpr char k_backspace = 127;
    if (key == k_escape) filter_.clear();
    is_filtering_ = key != '\n' && key != '\r' && key != k_escape;
    if (key == k_backspace && !filter_.empty()) filter_.pop_back();
    if (key >= ' ' && key < k_backspace) filter_ += key;
    view_.set_filter(filter_);
    view_.set_remark(is_filtering_ ? "filter: " + filter_ + "_" : "");
  }

  // Ctrl-Z: restores the terminal for the shell; after `fg` the table is drawn again.
  static void pause(Screen& screen) {
    screen.leave();
    ::kill(::getpid(), SIGSTOP);
    screen.enter();
  }

  [[nodiscard]] Frame frame() const {
    const Screen::Size size = Screen::size();
    return {.columns = size.columns, .rows = size.rows, .is_colored = session_.is_colored(), .has_utf8 = has_utf8_};
  }

  void take_news(const News& news) {
    for (const RollEvent& event : news.events) view_.note(event, steady_clock::now());
    if (news.is_away) view_.set_remark(news.is_away->message);
    was_away_ = was_away_ || news.is_away.has_value();
    if (!news.events.empty() || news.is_everything_new) next_read_ = {};
    is_all_new_ |= news.is_everything_new || !news.events.empty();
  }

  void read_or_remark() {
    const Result<void> read = this->read(std::exchange(is_all_new_, false));
    if (!read) view_.set_remark(read.error().message);
    if (read && was_away_) view_.set_remark("");
    was_away_ = !read;
    if (!read) is_all_new_ = true;
  }

  // `all`: reads every service; otherwise only those on the screen, to update their leases.
  Result<void> read(bool all) {
    next_read_ = steady_clock::now() + k_read_every;
    std::vector<std::string> names{asked_.service};
    if (asked_.service.empty()) {
      Result<std::vector<std::string>> listed = all ? read_service_names(session_) : view_.services_in(frame());
      if (!listed) return std::unexpected(listed.error());
      names = std::move(*listed);
      if (all) view_.forget_services_but(names);
    }
    for (const std::string& name : names) {
      const Result<Service> service = read_service(session_, name);
      if (!service) return std::unexpected(service.error());
      view_.show(*service, steady_clock::now());
    }
    return {};
  }

  Session& session_;
  Follower& follower_;
  Signals& ends_;
  Signals& window_;
  const Asked& asked_;
  WatchView view_;
  bool has_utf8_ = has_utf8_locale();
  bool is_all_new_ = false;
  bool was_away_ = false;
  bool is_filtering_ = false;
  std::string filter_;
  steady_clock::time_point next_read_{};
};

Result<int> watch(Session& session, const Asked& asked) {
  const bool is_live = !session.wants_json() && !asked.plain && ::isatty(STDOUT_FILENO) == 1;
  // Block the signals before the follower's thread starts: it inherits the mask and must not receive them.
  Signals ends({SIGINT, SIGTERM, SIGHUP});
  std::optional<Signals> window;
  if (is_live) window.emplace(std::initializer_list<int>{SIGTSTP, SIGWINCH});
  const Result<client::HttpSettings> settings = http_settings(session.globals());
  if (!settings) return std::unexpected(settings.error());
  // The table reads instances by GET, which covers one zone: watch the same zone. Plain lines show events of all zones.
  const auto follower = Follower::start(*settings, session.globals().zone, asked.service,
                                        is_live ? Follower::NoZone::is_first : Follower::NoZone::is_all);
  if (!follower) return std::unexpected(follower.error());
  if (!is_live) return Lines(session, **follower, ends).run();
  return Live(session, **follower, ends, *window, asked).run();
}

Action declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.argument("SERVICE", asked->service, "only this service").offers(Offer::services);
  options.flag("--plain", asked->plain, "a line an event, also on a terminal");
  return [asked](Session& session) { return watch(session, *asked); };
}

}  // namespace

extern const Command k_watch{
    .name = "watch",
    .synopsis = "[SERVICE] [--plain]",
    .summary = "what happens on the roll, as it happens",
    .description =
        "On a terminal a table of the instances: their state, what is left of each lease, and what happened last. Who "
        "has left is shown for ten seconds more. j, k, space and b scroll, s sorts by name, state or lease, / filters, "
        "? "
        "says the keys; q or Ctrl-C ends it.\n\n"
        "Into a pipe or a file, and with --plain, a line for each event: when, what, who, why. With --json each event "
        "as "
        "the registry tells it (docs/watching.md). When the registry goes away meanwhile, the watch goes on after its "
        "return, and no event is lost.",
    .examples = {{"rollcall watch", "the whole roll"},
                 {"rollcall watch web", "the instances of web"},
                 {"rollcall watch --json | jq -r 'select(.event == \"expired\") | .id'", "who has fallen silent"}},
    .asks = Asks::http,
    .trial = {},
    .declare = declare,
};

}  // namespace rollcall::cli
