#include "registry/work/writer.h"

#include <chrono>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "registry/instance/wall_time.h"

namespace rollcall::registry {
namespace {

using namespace std::chrono_literals;

// How soon pending rows are offered again to a store that failed, when no registration does it sooner.
constexpr auto k_record_again_after = 500ms;

}  // namespace

void Writer::set_agreed(AgreedWriter& agreed) {
  agreed_ = &agreed;
  agreed.set_meter([this](LeaseTime::duration took, std::size_t changes) {
    stats_.commit_seconds.record(std::chrono::duration<double>(took).count());
    stats_.batch_changes.record(static_cast<double>(changes));
  });
}

bool Writer::has_room_for(std::size_t changes, const Inbox& inbox) const {
  const std::size_t proposed = agreed_ == nullptr ? 0 : agreed_->unreported();
  return !inbox.is_closed && inbox.queue.size() + proposed + changes <= limits::k_queued_changes_max;
}

bool Writer::submit(Change change, Reply reply) {
  return inbox_.change([&](Inbox& inbox) {
    if (!has_room_for(1, inbox)) return false;
    inbox.queue.push_back({std::move(change), std::move(reply)});
    return true;
  });
}

bool Writer::submit(std::vector<Change> changes, ReplyToAll reply) {
  check(!changes.empty(), "a reply follows the last outcome of several");
  // The writer's thread alone touches it, once it is queued.
  struct Together {
    std::vector<Outcome> outcomes;
    std::size_t missing;
    ReplyToAll reply;
  };
  return inbox_.change([&](Inbox& inbox) {
    if (!has_room_for(changes.size(), inbox)) return false;
    const auto together = std::make_shared<Together>(std::vector<Outcome>(changes.size(), Outcome(Applied{})),
                                                     changes.size(), std::move(reply));
    for (std::size_t i = 0; i < changes.size(); ++i) {
      inbox.queue.push_back({std::move(changes[i]), [together, i](Outcome outcome) {
                               together->outcomes[i] = std::move(outcome);
                               if (--together->missing == 0) together->reply(std::move(together->outcomes));
                             }});
    }
    return true;
  });
}

void Writer::run_soon(std::move_only_function<void()> task) {
  inbox_.change([&](Inbox& inbox) {
    if (!inbox.is_closed) inbox.tasks.push_back(std::move(task));
  });
}

void Writer::run_when_idle(std::move_only_function<void()> task) {
  inbox_.change([&](Inbox& inbox) {
    if (!inbox.is_closed) inbox.when_idle = std::move(task);
  });
}

void Writer::run_idle_task() {
  auto task = inbox_.with([](Inbox& inbox) {
    return inbox.is_empty() ? std::exchange(inbox.when_idle, nullptr) : std::move_only_function<void()>();
  });
  if (task) task();
}

void Writer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<Submission> batch = wait_for_work(stop);
    run_tasks();
    if (agreed_ != nullptr) {
      registry_.sweep(clock_.now(), wall_now());
      hand_over(std::move(batch));
      agreed_->propose_waiting(wall_now());
    } else if (batch.empty()) {
      registry_.sweep(clock_.now(), wall_now());
    } else {
      commit(std::move(batch));
    }
    if (must_record_pending() && clock_.now() >= record_again_at_) record_pending();
    run_idle_task();
  }
  close();
  if (agreed_ != nullptr) agreed_->stop();
  for (std::vector<Submission> rest = take_batch(); !rest.empty(); rest = take_batch()) {
    if (agreed_ != nullptr) {
      refuse(std::move(rest));
    } else {
      commit(std::move(rest));
    }
  }
  if (agreed_ != nullptr) return;
  if (registry_.has_unrecorded_rows()) record_pending();
}

// Nothing is taken any more; tasks that wait are dropped, outside the lock.
void Writer::close() {
  const auto dropped = inbox_.with([](Inbox& inbox) {
    inbox.is_closed = true;
    inbox.when_idle = nullptr;
    return std::exchange(inbox.tasks, {});
  });
}

// The first of what waits.
std::vector<Writer::Submission> Writer::take_batch() {
  return inbox_.with([](Inbox& inbox) {
    std::vector<Submission>& queue = inbox.queue;
    if (queue.size() <= limits::k_batch_changes_max) return std::exchange(queue, {});
    const auto end = queue.begin() + static_cast<std::ptrdiff_t>(limits::k_batch_changes_max);
    std::vector<Submission> batch(std::make_move_iterator(queue.begin()), std::make_move_iterator(end));
    queue.erase(queue.begin(), end);
    return batch;
  });
}

void Writer::run_tasks() {
  auto tasks = inbox_.with([](Inbox& inbox) { return std::exchange(inbox.tasks, {}); });
  for (std::move_only_function<void()>& task : tasks) task();
}

// Rows are pending, or the store has failed and nobody knows yet whether it works again.
bool Writer::must_record_pending() const {
  if (agreed_ != nullptr) return false;
  return registry_.has_unrecorded_rows() || !stats_.store_works.load(std::memory_order_relaxed);
}

// What waits, at most one batch of it; nothing when it is time to sweep or to record pending rows instead.
std::vector<Writer::Submission> Writer::wait_for_work(const std::stop_token& stop) {
  std::optional<LeaseTime> wake = registry_.next_wake();
  if (must_record_pending() && (!wake || record_again_at_ < *wake)) wake = record_again_at_;
  const auto has_work = [](const Inbox& inbox) { return !inbox.is_idle(); };
  if (wake) {
    inbox_.wait_until(stop, std::chrono::steady_clock::now() + (*wake - clock_.now()), has_work);
  } else {
    inbox_.wait(stop, has_work);
  }
  return take_batch();
}

void Writer::commit(std::vector<Submission> batch) {
  std::vector<Change> changes;
  changes.reserve(batch.size());
  for (Submission& submission : batch) changes.push_back(std::move(submission.change));

  std::vector<Outcome> outcomes = apply_now(changes);
  for (std::size_t i = 0; i < outcomes.size(); ++i) batch[i].reply(std::move(outcomes[i]));
}

// To the lanes of the shared store, which reply in their time.
void Writer::hand_over(std::vector<Submission> batch) {
  for (Submission& each : batch) {
    if (agreed_->unreported() >= limits::k_queued_changes_max) {
      each.reply(failure(Errc::overloaded, "too many changes wait for the shared store: try again"));
      continue;
    }
    const bool is_deregistration = std::holds_alternative<Deregister>(each.change.asked);
    const bool is_taken = agreed_->submit(
        std::move(each.change), [this, is_deregistration, reply = std::move(each.reply)](Outcome outcome) mutable {
          count(is_deregistration, outcome);
          reply(std::move(outcome));
        });
    check(is_taken, "a change that there is room for is taken");
  }
}

void Writer::refuse(std::vector<Submission> batch) {
  for (Submission& each : batch) {
    each.reply(failure(Errc::not_in_charge, "this node stops, nothing was done: ask another node"));
  }
}

std::vector<Outcome> Writer::apply_now(std::span<const Change> changes) {
  check(agreed_ == nullptr, "changes of a cluster are agreed on");
  const auto start = std::chrono::steady_clock::now();
  std::vector<Outcome> outcomes = registry_.apply(changes, clock_, wall_now());
  stats_.commit_seconds.record(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  stats_.batch_changes.record(static_cast<double>(changes.size()));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    count(std::holds_alternative<Deregister>(changes[i].asked), outcomes[i]);
    note_store(outcomes[i]);
  }
  return outcomes;
}

void Writer::count(bool is_deregistration, const Outcome& outcome) {
  if (!outcome) {
    const Errc code = outcome.error().code;
    if (code == Errc::store_busy || code == Errc::store_failed) {
      stats_.failed_changes.fetch_add(1, std::memory_order_relaxed);
    }
    return;
  }
  if (!outcome->changed) return;
  if (is_deregistration) {
    stats_.deregistered.fetch_add(1, std::memory_order_relaxed);
  } else if (outcome->created) {
    stats_.registered.fetch_add(1, std::memory_order_relaxed);
  } else {
    stats_.updated.fetch_add(1, std::memory_order_relaxed);
  }
}

// Whether the store works, as its last outcome says.
void Writer::note_store(const Outcome& outcome) {
  if (outcome) {
    if (outcome->changed) stats_.store_works.store(true, std::memory_order_relaxed);
    return;
  }
  const bool has_failed = outcome.error().code == Errc::store_busy || outcome.error().code == Errc::store_failed;
  if (!has_failed) return;
  record_again_at_ = clock_.now() + k_record_again_after;
  stats_.store_works.store(false, std::memory_order_relaxed);
}

void Writer::record_pending() {
  const bool recorded = registry_.record_pending().has_value();
  stats_.store_works.store(recorded, std::memory_order_relaxed);
  if (!recorded) record_again_at_ = clock_.now() + k_record_again_after;
}

}  // namespace rollcall::registry
