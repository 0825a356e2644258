#include "net/checks/runner.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"
#include "base/printable.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

// Runs that are due within it begin together.
constexpr std::chrono::milliseconds k_step{5};

}  // namespace

class CheckRunner::Parts final : public registry::HealthOrders {
 public:
  Parts(const registry::Registry& registry, registry::Writer& writer, const registry::TimeSource& clock,
        CheckSettings settings)
      : writer_(writer),
        clock_(clock),
        settings_(std::move(settings)),
        schedule_(registry, *this, settings_.in_flight_max, clock.now(), settings_.is_ours) {}

  void start() { loop_.start("checks"); }
  void stop() { loop_.stop(); }
  [[nodiscard]] const registry::HealthCounters& counters() const { return schedule_.counters(); }

  // The writer's thread.
  void note(const registry::ServiceKey& service, bool has_plans) {
    const bool wake = news_.with([&](News& news) {
      if (!has_plans && !news.watched.contains(service)) return false;
      news.watched.insert(service);
      news.changed.insert(service);
      return !std::exchange(news.is_told, true);
    });
    if (wake) loop_.post([this] { look(); });
  }

  // --- registry::HealthOrders ---

  void run(registry::CheckRun run) override {
    const std::uint64_t id = run.id;
    asio::co_spawn(loop_.context(), run_check(std::move(run), loop_, names_, settings_.permits),
                   [this, id](const std::exception_ptr& failed, health::RunResult result) {
                     if (failed) result = {health::RunEnd::not_run, "the check cannot run"};
                     if (result.end == health::RunEnd::not_run) tell_of_shortage(result.output);
                     schedule_.finish(id, std::move(result), clock_.now());
                     wait();
                   });
  }

  health::RunResult look_at_node(registry::ZoneId zone, std::string_view node) override {
    if (settings_.look_at_node == nullptr) return {health::RunEnd::failed, "the node of the alias is not known"};
    return settings_.look_at_node(zone, node);
  }

  std::optional<registry::CheckBeats::Beat> last_beat(const registry::InstanceKey& key,
                                                      std::string_view check) override {
    return settings_.beats == nullptr ? std::nullopt : settings_.beats->find(key, check);
  }
  void forget_beats(const registry::InstanceKey& key, std::string_view check) override {
    if (settings_.beats != nullptr) settings_.beats->forget(key, check);
  }

  void report(const registry::Judged& judged, bool critical, const std::string& output) override {
    std::string news = fmt::format("{} {} is {}{}{}", judged.key.service.name, judged.key.id,
                                   critical ? "critical" : "ready again", critical ? ": " : "", output);
    submit({registry::SetHealth{judged.key, judged.since, critical, output}, "checks"}, judged, std::move(news));
  }

  void report_check(const registry::Judged& judged, const health::CheckResult& result) override {
    std::string news =
        fmt::format("{} {}: check {} is {}{}{}", judged.key.service.name, judged.key.id, escape(result.id),
                    health::to_text(result.status), result.output.empty() ? "" : ": ", result.output);
    submit({registry::SetCheck{judged.key, result, false, judged.since}, "checks"}, judged, std::move(news), result.id);
  }

  // Where that fails, the probe runs again.
  void renew(const registry::Judged& judged) override {
    static_cast<void>(writer_.submit(registry::Change(registry::Renew{judged.key, judged.since}, "checks"),
                                     [](registry::Outcome) {}));
  }

  void evict(const registry::Judged& judged, const std::string& output, registry::LeaseTime expires_at) override {
    std::string news = fmt::format("{} {} is ended by its probe: {}", judged.key.service.name, judged.key.id, output);
    submit({registry::End{judged.key, judged.since, output, expires_at}, "checks"}, judged, std::move(news));
  }

 private:
  struct News {
    std::set<registry::ServiceKey> changed;  // since the runner has looked
    std::set<registry::ServiceKey> watched;  // have, or had, plans
    bool is_told = false;
  };

  void tell_of_shortage(const std::string& output) {
    const std::optional<std::uint64_t> left_out = shortage_.is_due(steady_clock::now());
    if (!left_out) return;
    log::error(
        "a health check could not run, and says nothing about its instance ({} more since the last such line): {}",
        *left_out, output);
  }

  // If the change fails, the next result submits it again. `news` is logged if it succeeds.
  void submit(registry::Change change, const registry::Judged& judged, std::string news, std::string check = {}) {
    const bool taken = writer_.submit(
        std::move(change), [this, judged, check, news = std::move(news)](const registry::Outcome& outcome) mutable {
          if (!outcome || !outcome->changed) news.clear();
          loop_.post([this, judged, check = std::move(check), news = std::move(news)] {
            if (!news.empty()) log::info("{}", news);
            schedule_.reported(judged, check);
          });
        });
    if (!taken) loop_.post([this, judged, check] { schedule_.reported(judged, check); });
  }

  void look() {
    const std::set<registry::ServiceKey> changed = news_.with([](News& news) {
      news.is_told = false;
      return std::exchange(news.changed, {});
    });
    for (const registry::ServiceKey& service : changed) {
      const bool is_watched = schedule_.look_at(service, clock_.now());
      if (is_watched) continue;
      news_.with([&](News& news) {
        if (!news.changed.contains(service)) news.watched.erase(service);
      });
    }
    wait();
  }

  // Until the next run is due; earlier where one has come in between.
  void wait() {
    const std::optional<registry::LeaseTime> wake = schedule_.next_wake();
    if (!wake) return;
    const auto left = std::max<std::chrono::nanoseconds>(*wake - clock_.now(), k_step);
    const steady_clock::time_point at = steady_clock::now() + left;
    if (is_waiting_ && timer_.expiry() <= at) return;
    is_waiting_ = true;
    timer_.expires_at(at);
    timer_.async_wait([this](const boost::system::error_code& moved) {
      if (moved) return;
      is_waiting_ = false;
      schedule_.advance(clock_.now());
      wait();
    });
  }

  registry::Writer& writer_;
  const registry::TimeSource& clock_;
  const CheckSettings settings_;
  Guarded<News> news_;
  bool is_waiting_ = false;
  log::Seldom shortage_;
  // The loop is destroyed first, because what runs on it uses the other members.
  registry::HealthSchedule schedule_;
  EventLoop loop_;
  HostNames names_{loop_};
  asio::steady_timer timer_{loop_.context()};
};

CheckRunner::CheckRunner(const registry::Registry& registry, registry::Writer& writer,
                         const registry::TimeSource& clock, CheckSettings settings)
    : parts_(std::make_unique<Parts>(registry, writer, clock, std::move(settings))) {}

CheckRunner::~CheckRunner() { stop(); }

void CheckRunner::start() { parts_->start(); }

void CheckRunner::stop() { parts_->stop(); }

void CheckRunner::publish(const registry::Service& service) {
  const bool has_plans =
      std::ranges::any_of(service.instances, [](const auto* instance) { return bool{instance->health()}; });
  parts_->note(service.service, has_plans);
}

void CheckRunner::withdraw(const registry::ServiceRef& service) {
  parts_->note({service.zone, std::string(service.name)}, false);
}

const registry::HealthCounters& CheckRunner::counters() const { return parts_->counters(); }

}  // namespace rollcall::net
