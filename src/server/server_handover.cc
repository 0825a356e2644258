// The server's part of a hand-over (handover.h), and of a takeover.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <future>
#include <pthread.h>
#include <string_view>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

#include "base/counted.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/rcu.h"
#include "net/supervisor/successor.h"
#include "registry/instance/wall_time.h"
#include "server/handover_state.h"
#include "server/server.h"

namespace rollcall::server {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto k_writer_idle_max = 800ms;  // a disk that is slower than that
constexpr auto k_look_for_end = 200ms;

std::string octets_of(const dns::CookieSecrets& secrets) {
  std::string octets;
  for (const SipHashKey& secret : secrets) octets += text_of(Bytes(secret));
  return octets;
}

}  // namespace

// Shared with the writer's task, which may come late.
struct Freeze {
  std::promise<std::optional<std::string>> roll;
  std::promise<void> thawed;
  std::shared_future<void> until_thawed = thawed.get_future().share();
  std::atomic<std::int64_t> data_version = 0;  // 0: not known, the writer has not come to it
};

std::filesystem::path own_program() {
  constexpr std::string_view k_replaced = " (deleted)";  // proc(5): another file is at the path now
  std::error_code unreadable;
  std::string path = std::filesystem::read_symlink("/proc/self/exe", unreadable).string();
  if (path.ends_with(k_replaced)) path.resize(path.size() - k_replaced.size());
  return path;
}

// --- The new process ---

dns::CookieSecrets secrets_of(std::string_view octets) {
  dns::CookieSecrets secrets;
  SipHashKey secret{};
  for (; octets.size() >= secret.size(); octets.remove_prefix(secret.size())) {
    std::ranges::copy(octets.substr(0, secret.size()), secret.begin());
    secrets.push_back(secret);
  }
  return secrets;
}

// The roll has been restored; from `freeze` on nobody changes it, and from `go` on we do.
Result<void> Server::take_over() {
  if (const Result<void> frozen = takeover_->freeze(zones_); !frozen) return frozen;
  const auto newer = storage_->stored().read(registry_->find_newer(takeover_->roll()));
  if (!newer) return std::unexpected(newer.error());
  registry_->take_over(takeover_->roll(), *newer, clock_, registry::wall_now());
  feed_.begin_after(takeover_->roll().last_event, registry_->event_numbers());
  if (catalog_index_) catalog_index_->begin(registry_->counts().index);
  if (const Result<void> restored = restore_keys(); !restored) return restored;
  log::info("{} of {} taken over, {} of them changed while they were restored",
            counted(registry_->counts().instances, "instance"), counted(registry_->counts().services, "service"),
            newer->size());
  if (const Result<void> agreed = takeover_->go(); !agreed) return agreed;
  take_kept_serials(registry_->counts().index);
  static_cast<void>(transfers_.tick(*registry_, [this](const auto& serials) { return serials_->keep_now(serials); }));
  return {};
}

// --- The old one ---

HandoverParts Server::handover_parts() {
  return {.net = *net_,
          .freeze = [this] { return freeze(); },
          .thaw = [this] { return thaw(); },
          .failed = [this](pid_t successor, std::string_view why) { tell_of_failure(successor, why); },
          .cookies = octets_of(cookie_secrets_),
          .lock_descriptor = storage_->lock_descriptor(),
          .schema = store::known_schema(),
          .serves = [this](pid_t successor) { manager_.main_process(successor); },
          .over =
              [this](pid_t successor) {
                successor_ = successor == 0 ? pid_t{-1} : successor;
                kill(getpid(), SIGTERM);  // wakes main
              }};
}

std::optional<std::string> Server::freeze() {
  net_->pause();
  ticker_.reset();
  clock_.hold(steady_clock::now());
  freeze_ = std::make_shared<Freeze>();
  auto known = freeze_->roll.get_future();
  is_frozen_ = true;
  writer_->run_when_idle([this, frozen = freeze_] {
    const bool is_stored = !registry_->has_unrecorded_rows() || registry_->record_pending().has_value();
    frozen->data_version = storage_->data_version();
    frozen->roll.set_value(
        is_stored ? std::optional(write_roll(registry_->hand_over(clock_.now(), feed_.last()), zones_)) : std::nullopt);
    frozen->until_thawed.wait();
  });
  if (known.wait_for(k_writer_idle_max) != std::future_status::ready) return std::nullopt;
  return known.get();
}

bool Server::thaw() {
  const bool is_ours = freeze_->data_version == 0 || storage_->data_version() == freeze_->data_version;
  if (!is_ours) return false;
  clock_.resume(steady_clock::now());
  ticker_.emplace(clock_);
  freeze_->thawed.set_value();
  freeze_ = nullptr;
  is_frozen_ = false;
  net_->resume();
  return true;
}

void Server::start_successor() {
  const auto cannot = [&](std::string_view why) {
    log::warn("SIGUSR2: this process cannot hand over: {}", why);
    manager_.status(fmt::format("cannot hand over: {}", why));
  };
  if (cluster_) return cannot("a node of a cluster leaves, and joins again when it is restarted");
  if (getpid() == 1) return cannot("a container ends with its first process");
  if (!handover_->listens()) return cannot("the new process would not find it; the log of the start says why");
  std::vector<std::string> words = arguments_;
  if (std::ranges::find(words, "--takeover") == words.end()) words.emplace_back("--takeover");
  const Result<pid_t> successor = net::start_successor(program_, std::move(words));
  if (!successor) {
    log::error("SIGUSR2: {}", successor.error().message);
    return tell_of_failure(0, successor.error().message);
  }
  log::info("SIGUSR2: process {} is started to take over ({})", *successor, program_.string());
  watch_successor(*successor);
}

// One that never came to say hello has ended by a bad setting, or is no rollcalld any more.
void Server::watch_successor(pid_t successor) {
  successor_watch_ = std::jthread([this, successor, end = net::ProcessEnd(successor)](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "successor");
    while (end.is_told() && !end.comes_within(k_look_for_end)) {
      if (stop.stop_requested()) return;
    }
    if (!end.is_told() || handover_->has_met(successor)) return;
    log::warn("process {} ended before it took anything over, this one goes on; its log says why", successor);
    tell_of_failure(successor, "it ended before it took anything over; its log says why");
  });
}

// packaging/upgrade reads it: two failures are told apart by their process. 0: there was none.
void Server::tell_of_failure(pid_t successor, std::string_view why) {
  failed_handovers_.fetch_add(1, std::memory_order_relaxed);
  manager_.status(fmt::format("not upgraded, process {} did not take over: {}", successor, why));
}

void Server::put_handover_metrics(MetricsSink& sink) const {
  sink.counter("rollcall_handovers_failed_total", "Upgrades in place that failed: this process went on.",
               metric_of(failed_handovers_));
  sink.gauge("rollcall_takeover_wait_seconds",
             "How long changes and heartbeats waited while this process took over from another; 0: it was started.",
             std::chrono::duration<double>(takeover_wait_).count());
}

// The roll and the database are another process's: nothing is written any more, and no destructor runs.
void Server::end_after_handover() {
  if (successor_ < 0) {
    log::error("the process that took over has ended after it wrote to the database; start the server again");
    std::fflush(nullptr);
    std::_Exit(1);
  }
  log::info("stopped: process {} has taken over", successor_.load());
  std::fflush(nullptr);
  std::_Exit(0);
}

}  // namespace rollcall::server
