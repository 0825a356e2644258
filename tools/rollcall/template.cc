// `rollcall template`: renders configuration files from the roll, and keeps them up to date.
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <set>

#include "tools/rollcall/coalescer.h"
#include "tools/rollcall/command.h"
#include "tools/rollcall/exit_code.h"
#include "tools/rollcall/follower.h"
#include "tools/rollcall/roll.h"
#include "tools/rollcall/session.h"
#include "tools/rollcall/signals.h"
#include "tools/rollcall/template_jobs.h"
#include "tools/rollcall/wait_readable.h"

namespace rollcall::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds k_read_again{1'000};  // retry delay after a failed read

struct Asked {
  std::vector<std::string> specs;
  bool once = false;
  milliseconds settle{100};
  milliseconds settle_max{2'000};
  milliseconds command_timeout{30'000};
};

Result<TemplateJobs> open_jobs(const Asked& asked) {
  std::vector<TemplateSpec> specs;
  for (const std::string& text : asked.specs) {
    Result<TemplateSpec> spec = parse_template_spec(text);
    if (!spec) return std::unexpected(spec.error());
    specs.push_back(std::move(*spec));
  }
  return TemplateJobs::open(std::move(specs));
}

// Prints the report of update(), as text or JSON. Returns whether there were no failures.
bool say(Session& session, const TemplateJobs::Report& report) {
  for (const std::string& file : report.written) {
    if (file == "-") continue;
    if (session.wants_json()) {
      session.print_json(boost::json::value{{"written", file}});
    } else {
      session.remark(fmt::format("wrote {}", file));
    }
  }
  for (const Error& failure : report.failures) session.remark(failure.message);
  return report.failures.empty();
}

bool update(Session& session, TemplateJobs& jobs, const Roll& roll, const Asked& asked) {
  return say(session,
             jobs.update(roll, asked.command_timeout, [&session](std::string_view text) { session.print(text); }));
}

Result<int> render_once(Session& session, TemplateJobs& jobs, const Asked& asked) {
  const Result<Roll> roll = read_roll(session);
  if (!roll) return std::unexpected(roll.error());
  return update(session, jobs, *roll, asked) ? k_done : k_refused;
}

// A copy of the roll, and the services that have changed since it was read.
class Mirror {
 public:
  void note(const News& news) {
    is_stale_ |= news.is_everything_new;
    for (const RollEvent& event : news.events) stale_.insert(event.service);
  }

  [[nodiscard]] Result<void> refresh(Session& session) {
    if (is_stale_) {
      Result<Roll> read = read_roll(session);
      if (!read) return std::unexpected(read.error());
      roll_ = std::move(*read);
      is_stale_ = false;
      stale_.clear();
    }
    while (!stale_.empty()) {
      const std::string& name = *stale_.begin();
      Result<Service> service = read_service(session, name);
      if (!service) return std::unexpected(service.error());
      roll_[name] = std::move(*service);
      stale_.erase(stale_.begin());
    }
    return {};
  }

  [[nodiscard]] const Roll& roll() const { return roll_; }

 private:
  Roll roll_;
  bool is_stale_ = false;
  std::set<std::string> stale_;
};

// Keeps the files up to date until a signal ends the program.
class Keeper {
 public:
  Keeper(Session& session, TemplateJobs jobs, const Asked& asked, Follower& follower, Signals& signals)
      : session_(session),
        jobs_(std::move(jobs)),
        asked_(asked),
        follower_(follower),
        signals_(signals),
        coalescer_(asked.settle, std::max(asked.settle, asked.settle_max)) {}

  void run() {
    while (!is_over_) {
      wait_readable({follower_.descriptor(), signals_.fd()}, next());
      while (const std::optional<int> signal = signals_.take()) take_signal(*signal);
      take_news(follower_.take());
      if (coalescer_.is_due(steady_clock::now()) && steady_clock::now() >= not_before_) render();
    }
  }

 private:
  [[nodiscard]] std::optional<steady_clock::time_point> next() const {
    if (!coalescer_.due()) return std::nullopt;
    return std::max(*coalescer_.due(), not_before_);
  }

  void take_signal(int signal) {
    if (signal != SIGHUP) {
      is_over_ = true;
      return;
    }
    if (const Result<void> reloaded = jobs_.reload(); !reloaded) {
      session_.remark(reloaded.error().message + "; the templates stay as they were");
      return;
    }
    session_.remark("the templates were read again");
    coalescer_.note_change(steady_clock::now());
  }

  void take_news(const News& news) {
    if (news.is_away) say_away(*news.is_away);
    if (news.has_come_up && std::exchange(is_away_, false)) session_.remark("the registry is back");
    if (!news.zone.empty()) session_.set_zone(news.zone);
    if (!news.is_everything_new && news.events.empty()) return;
    mirror_.note(news);
    coalescer_.note_change(steady_clock::now());
  }

  void say_away(const Error& why) {
    if (!std::exchange(is_away_, true)) session_.remark(why.message + "; the files stay as they are");
  }

  void render() {
    if (const Result<void> read = mirror_.refresh(session_); !read) {
      say_away(read.error());
      not_before_ = steady_clock::now() + k_read_again;
      return;
    }
    if (std::exchange(is_away_, false)) session_.remark("the registry is back");
    coalescer_.note_rendering();
    update(session_, jobs_, mirror_.roll(), asked_);
  }

  Session& session_;
  TemplateJobs jobs_;
  const Asked& asked_;
  Follower& follower_;
  Signals& signals_;
  Coalescer coalescer_;
  Mirror mirror_;
  steady_clock::time_point not_before_{};
  bool is_away_ = false;
  bool is_over_ = false;
};

Result<int> keep(Session& session, TemplateJobs jobs, const Asked& asked) {
  Signals signals({SIGINT, SIGTERM, SIGHUP});
  const Result<client::HttpSettings> settings = http_settings(session.globals());
  if (!settings) return std::unexpected(settings.error());
  const Result<std::unique_ptr<Follower>> follower =
      Follower::start(*settings, session.globals().zone, "", Follower::NoZone::is_first);
  if (!follower) return std::unexpected(follower.error());
  Keeper(session, std::move(jobs), asked, **follower, signals).run();
  return k_done;
}

Action declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options
      .argument("TEMPLATE:FILE[:COMMAND]", asked->specs,
                "render TEMPLATE into FILE (- is stdout), and run COMMAND when FILE has changed")
      .required()
      .repeatable()
      .offers(Offer::files);
  options.flag("--once", asked->once, "render once, run the commands, and end");
  options.value("--settle", "TIME", asked->settle, "wait until nothing has changed for so long (default 100ms)");
  options.value("--settle-max", "TIME", asked->settle_max, "but never longer than this after a change (default 2s)");
  options.value("--command-timeout", "TIME", asked->command_timeout, "end a command that takes longer (default 30s)");
  return [asked](Session& session) -> Result<int> {
    Result<TemplateJobs> jobs = open_jobs(*asked);
    if (!jobs) return std::unexpected(jobs.error());
    return asked->once ? render_once(session, *jobs, *asked) : keep(session, std::move(*jobs), *asked);
  };
}

}  // namespace

extern const Command k_template{
    .name = "template",
    .synopsis = "TEMPLATE:FILE[:COMMAND]… [--once]",
    .summary = "keep configuration files rendered from the roll",
    .description =
        "Renders each Mustache template from the roll, at the start and whenever the roll changes. FILE is replaced as "
        "a "
        "whole and keeps its mode and owner; where the text is the same as before, nothing is written and no command "
        "is "
        "run. COMMAND is run by the shell after all files are written; one that several files share is run once.\n\n"
        "While the registry is away the files stay as they are. Changes that come close together are rendered "
        "together. "
        "SIGHUP reads the templates again, SIGTERM and SIGINT end it.\n\n"
        "docs/templates.md has the names that templates know; templates/ has some for NGINX, HAProxy and /etc/hosts.",
    .examples = {{"rollcall template nginx.conf.tmpl:/etc/nginx/conf.d/web.conf:'nginx -t && nginx -s reload'",
                  "an upstream of NGINX follows the roll"},
                 {"rollcall template --once templates/hosts.tmpl:-", "what a template makes of the roll now"}},
    .asks = Asks::http,
    .trial = {"--once", "/dev/stdin:-"},
    .declare = declare,
};

}  // namespace rollcall::cli
