#include "net/follow/consul_follower.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <utility>

#include "base/guarded.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/random.h"
#include "base/rcu.h"
#include "net/follow/limits.h"
#include "net/follow/source_connection.h"

namespace rollcall::net {
namespace {

namespace asio = boost::asio;
using api::consul::FollowStep;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds k_answer_within{20'000};    // beyond what the source was asked to wait, and a sixteenth
constexpr milliseconds k_wait_long{60'000};        // where every service has a seat of its own
constexpr milliseconds k_wait_short{1'000};        // where they take turns
constexpr milliseconds k_between_queries{100};     // of one service, that changes all the time
constexpr milliseconds k_look_again_every{1'000};  // at what has changed here
constexpr std::size_t k_steps_at_once = 256;       // handed to the writer together

milliseconds time_for(milliseconds wait) { return wait + wait / 16 + k_answer_within; }

}  // namespace

class ConsulFollower::Parts {
 public:
  Parts(std::unique_ptr<api::consul::Following> following, registry::Writer& writer, const registry::TimeSource& clock,
        const api::consul::SourceUrl& url, std::string token)
      : following_(std::move(following)), writer_(writer), clock_(clock), access_{url, std::move(token), tls_of(url)} {
    status_.with([&](FollowStatus& status) { status.source = url.authority(); });
  }

  void start() {
    asio::co_spawn(loop_.context(), keep_names(), asio::detached);
    asio::co_spawn(loop_.context(), keep_looking(), asio::detached);
    for (std::size_t i = 0; i < k_follow_seats; ++i) {
      asio::co_spawn(loop_.context(), keep_seat(), asio::detached);
    }
    loop_.start("follow");
    log::info("following the Consul at {}: what it holds is taken over", access_.url.authority());
  }
  void stop() { loop_.stop(); }
  [[nodiscard]] FollowStatus status() const {
    return status_.with([](const FollowStatus& status) { return status; });
  }

 private:
  struct Followed {
    std::uint64_t index = 0;
    bool is_named = true;      // in the last list of names
    bool is_answered = false;  // at least once
    bool is_busy = false;      // a seat or a look has it
    steady_clock::time_point due = {};
  };

  asio::awaitable<void> sleep(asio::steady_timer& timer, milliseconds duration) {
    timer.expires_after(duration);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  // --- Which services there are ---

  asio::awaitable<void> keep_names() {
    SourceConnection connection(loop_, names_, access_);
    asio::steady_timer timer(loop_.context());
    std::uint64_t index = 0;
    while (true) {
      const auto began = steady_clock::now();
      const milliseconds wait = k_wait_long;
      Result<SourceAnswer> answer =
          co_await connection.get(api::consul::waiting_target("/v1/catalog/services", index, wait), time_for(wait));
      Result<std::vector<std::string>> names = std::vector<std::string>();
      if (answer) {
        names = following_->take_names(answer->body);
      } else {
        names = std::unexpected(answer.error());
      }
      if (!names) {
        index = 0;
        co_await sleep(timer, note_failure(names.error().message));
        continue;
      }
      note_success();
      take_names(*names);
      index = answer->index < index ? 0 : answer->index;
      if (index == 0) {
        co_await sleep(timer, k_look_again_every);
      } else if (steady_clock::now() - began < k_between_queries) {
        co_await sleep(timer, k_between_queries);
      }
    }
  }

  void take_names(const std::vector<std::string>& names) {
    for (auto& [name, followed] : services_) followed.is_named = false;
    for (const std::string& name : names) {
      const auto [at, is_new] = services_.try_emplace(name);
      at->second.is_named = true;
      if (is_new) line_.push_back(name);
    }
    call_seats();
    show();
  }

  // --- What each of them has ---

  asio::awaitable<void> keep_seat() {
    SourceConnection connection(loop_, names_, access_);
    asio::steady_timer timer(loop_.context());
    while (true) {
      if (line_.empty()) {
        free_.push_back(&timer);
        timer.expires_at(steady_clock::time_point::max());
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        std::erase(free_, &timer);
        continue;
      }
      const std::string name = std::move(line_.front());
      line_.pop_front();
      const auto left = std::chrono::ceil<milliseconds>(services_.at(name).due - steady_clock::now());
      if (left > milliseconds::zero()) co_await sleep(timer, left);
      const bool stays = co_await follow_once(name, connection, timer);
      if (stays) {
        line_.push_back(name);
      } else {
        services_.erase(name);
        following_->forget(name);
      }
      show();
    }
  }

  // One query. False: the source has the service no more, and nothing of it is here.
  asio::awaitable<bool> follow_once(const std::string& name, SourceConnection& connection, asio::steady_timer& timer) {
    Followed& followed = services_.at(name);
    // Who is named no more is asked whether that is so, without waiting.
    const std::uint64_t index = followed.is_named ? followed.index : 0;
    const milliseconds wait = services_.size() > k_follow_seats ? k_wait_short : k_wait_long;
    followed.due = steady_clock::now() + k_between_queries;
    Result<SourceAnswer> answer = co_await connection.get(
        api::consul::waiting_target(api::consul::path_of_service(name), index, wait), time_for(wait));
    while (followed.is_busy) co_await sleep(timer, milliseconds(10));
    Result<std::vector<FollowStep>> steps = std::vector<FollowStep>();
    if (answer) {
      steps = following_->take(name, answer->body, clock_.now());
    } else {
      steps = std::unexpected(answer.error());
    }
    if (!steps) {
      followed.index = 0;
      followed.due = steady_clock::now() + note_failure(steps.error().message);
      co_return true;
    }
    note_success();
    followed.is_busy = true;
    const bool is_done = co_await make(name, std::move(*steps), timer);
    followed.is_busy = false;
    followed.is_answered = true;
    // An index that falls, or that nobody gives, begins anew.
    followed.index = answer->index < followed.index || !is_done ? 0 : answer->index;
    if (followed.index == 0) followed.due = steady_clock::now() + k_look_again_every;
    const bool is_empty = answer->body.starts_with("[]");
    co_return followed.is_named || !is_empty || !is_done;
  }

  // --- What has changed here ---

  asio::awaitable<void> keep_looking() {
    asio::steady_timer timer(loop_.context());
    while (true) {
      co_await sleep(timer, k_look_again_every);
      std::vector<std::string> names;
      for (const auto& [name, followed] : services_) names.push_back(name);
      for (const std::string& name : names) {
        const auto found = services_.find(name);
        if (found == services_.end() || found->second.is_busy || !found->second.is_answered) continue;
        std::vector<FollowStep> steps = following_->look_again(name, clock_.now());
        if (steps.empty()) continue;
        found->second.is_busy = true;
        const bool is_done = co_await make(name, std::move(steps), timer);
        static_cast<void>(is_done);  // what could not be done is compared again with the next answer
        if (const auto again = services_.find(name); again != services_.end()) again->second.is_busy = false;
      }
    }
  }

  // --- Changes ---

  // True: everything is done, or refused by a rule.
  asio::awaitable<bool> make(const std::string& name, std::vector<FollowStep> steps, asio::steady_timer& timer) {
    bool is_done = true;
    std::size_t put = 0;
    std::size_t removed = 0;
    for (std::size_t from = 0; from < steps.size(); from += k_steps_at_once) {
      const std::size_t to = std::min(from + k_steps_at_once, steps.size());
      std::vector<registry::Change> changes;
      for (std::size_t i = from; i < to; ++i) {
        for (registry::Change& change : steps[i].changes) changes.push_back(std::move(change));
      }
      std::vector<registry::Outcome> outcomes;
      const bool is_taken = changes.empty() || co_await submit(std::move(changes), outcomes, timer);
      std::size_t at = 0;
      for (std::size_t i = from; i < to; ++i) {
        FollowStep& step = steps[i];
        const bool is_put = step.kind == FollowStep::Kind::put;
        const Done done =
            is_taken ? judge(step, std::span(outcomes).subspan(at, step.changes.size())) : Done{false, false};
        at += step.changes.size();
        if (!done.is_over && step.refused.empty()) is_done = false;
        if (done.has_changed) ++(is_put ? put : removed);
        if (!step.refused.empty()) {
          log::warn("follow: {}/{} of node {} is not taken over: {}", escape(name), escape(step.id), escape(step.node),
                    escape(step.refused));
        }
        following_->finished(name, step, done.is_over && step.refused.empty());
      }
    }
    if (put + removed > 0) {
      log::info("follow: {}: {} taken over from {}, {} removed", escape(name), put, access_.url.authority(), removed);
      changes_ += put + removed;
    }
    co_return is_done;
  }

  struct Done {
    bool is_over = true;
    bool has_changed = false;
  };
  static Done judge(FollowStep& step, std::span<const registry::Outcome> outcomes) {
    Done done;
    for (const registry::Outcome& outcome : outcomes) {
      if (outcome) {
        done.has_changed = done.has_changed || outcome->changed || outcome->created;
        continue;
      }
      const Errc code = outcome.error().code;
      if (code == Errc::unknown_instance) continue;  // gone already
      if (code == Errc::invalid || code == Errc::conflict) {
        step.refused = outcome.error().message;
      } else {
        done.is_over = false;  // the store: it is tried again
      }
    }
    if (step.kind == FollowStep::Kind::remove && done.is_over) done.has_changed = !outcomes.empty();
    return done;
  }

  asio::awaitable<bool> submit(std::vector<registry::Change> changes, std::vector<registry::Outcome>& outcomes,
                               asio::steady_timer& timer) {
    const auto done = std::make_shared<std::optional<std::vector<registry::Outcome>>>();
    timer.expires_at(steady_clock::time_point::max());
    const bool is_taken = writer_.submit(std::move(changes), [this, done, &timer](std::vector<registry::Outcome> all) {
      loop_.post([done, &timer, all = std::move(all)]() mutable {
        *done = std::move(all);
        timer.cancel();
      });
    });
    if (!is_taken) co_return false;
    boost::system::error_code ignored;
    while (!*done) co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    outcomes = std::move(**done);
    co_return true;
  }

  // --- How it goes ---

  // How long to pause.
  milliseconds note_failure(const std::string& sentence) {
    const bool is_first = std::exchange(is_away_, true) == false;
    if (is_first) log::warn("follow: {}; what was taken over stays, and it is asked again", escape(sentence));
    status_.with([&](FollowStatus& status) {
      ++status.failures;
      status.is_in_step = false;
      status.why_not = sentence;
    });
    const milliseconds pause = again_ / 2 + milliseconds(random_.below(static_cast<std::uint32_t>(again_.count())));
    const auto now = steady_clock::now();
    if (now - doubled_at_ > again_) {  // once for all seats
      again_ = std::min(again_ * 2, k_follow_again_max);
      doubled_at_ = now;
    }
    return pause;
  }

  void note_success() {
    again_ = k_follow_again_min;
    if (std::exchange(is_away_, false)) log::info("follow: {} answers again", access_.url.authority());
  }

  void show() {
    const bool is_answered = std::ranges::all_of(services_, [](const auto& each) { return each.second.is_answered; });
    status_.with([&](FollowStatus& status) {
      status.is_in_step = is_answered && !is_away_;
      if (!is_away_) status.why_not.clear();
      status.services = services_.size();
      status.instances = following_->instances();
      status.changes = changes_;
      status.left_out = following_->left_out();
    });
  }

  void call_seats() {
    for (std::size_t i = 0; i < std::min(free_.size(), line_.size()); ++i) free_[i]->cancel();
  }

  const std::unique_ptr<api::consul::Following> following_;
  registry::Writer& writer_;
  const registry::TimeSource& clock_;
  const SourceAccess access_;
  Guarded<FollowStatus> status_;
  std::map<std::string, Followed> services_;
  std::deque<std::string> line_;           // of services that wait for a seat
  std::vector<asio::steady_timer*> free_;  // seats that wait for a service
  bool is_away_ = false;
  milliseconds again_ = k_follow_again_min;
  steady_clock::time_point doubled_at_ = {};
  std::uint64_t changes_ = 0;
  Random random_ = Random::from_system();
  EventLoop loop_;  // after what its coroutines use
  HostNames names_{loop_};
};

ConsulFollower::ConsulFollower(std::unique_ptr<api::consul::Following> following, registry::Writer& writer,
                               const registry::TimeSource& clock, const api::consul::SourceUrl& url, std::string token)
    : parts_(std::make_unique<Parts>(std::move(following), writer, clock, url, std::move(token))) {}
ConsulFollower::~ConsulFollower() = default;

void ConsulFollower::start() { parts_->start(); }
void ConsulFollower::stop() { parts_->stop(); }
FollowStatus ConsulFollower::status() const { return parts_->status(); }

void ConsulFollower::put_metrics(MetricsSink& sink) const {
  const FollowStatus status = parts_->status();
  sink.gauge("rollcall_consul_follow_in_step", "1 while everything that the followed Consul holds is on the roll.",
             status.is_in_step ? 1 : 0);
  sink.gauge("rollcall_consul_follow_instances", "Instances that were taken over from the followed Consul.",
             static_cast<double>(status.instances));
  sink.gauge("rollcall_consul_follow_services", "Services of the followed Consul.",
             static_cast<double>(status.services));
  sink.counter("rollcall_consul_follow_changes_total",
               "Instances taken over or removed because of the followed Consul.", metric_of(status.changes));
  sink.counter("rollcall_consul_follow_failures_total", "Queries to the followed Consul that failed.",
               metric_of(status.failures));
}

}  // namespace rollcall::net
