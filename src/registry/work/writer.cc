#include "registry/work/writer.h"

#include <chrono>
#include <utility>

#include "base/limits.h"
#include "registry/instance/wall_time.h"

namespace rollcall::registry {
namespace {

using namespace std::chrono_literals;

// How soon pending rows are offered again to a store that failed, when no registration does it sooner.
constexpr auto k_record_again_after = 500ms;

}  // namespace

bool Writer::submit(Change change, Reply reply) {
  return inbox_.change([&](Inbox& inbox) {
    if (inbox.is_closed || inbox.queue.size() >= limits::k_queued_changes_max) return false;
    inbox.queue.push_back({std::move(change), std::move(reply)});
    return true;
  });
}

void Writer::run_soon(std::move_only_function<void()> task) {
  inbox_.change([&](Inbox& inbox) {
    if (!inbox.is_closed) inbox.tasks.push_back(std::move(task));
  });
}

void Writer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<Submission> batch = wait_for_work(stop);
    run_tasks();
    if (batch.empty()) {
      registry_.sweep(clock_.now(), wall_now());
    } else {
      commit(std::move(batch));
    }
    if (must_record_pending() && clock_.now() >= record_again_at_) record_pending();
  }
  close();
  for (std::vector<Submission> rest = take_batch(); !rest.empty(); rest = take_batch()) commit(std::move(rest));
  if (registry_.has_unrecorded_rows()) record_pending();
}

// Nothing is taken any more; tasks that wait are dropped, outside the lock.
void Writer::close() {
  const auto dropped = inbox_.with([](Inbox& inbox) {
    inbox.is_closed = true;
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
  return registry_.has_unrecorded_rows() || !stats_.store_works.load(std::memory_order_relaxed);
}

// What waits, at most one batch of it; nothing when it is time to sweep or to record pending rows instead.
std::vector<Writer::Submission> Writer::wait_for_work(const std::stop_token& stop) {
  std::optional<LeaseTime> wake = registry_.next_wake();
  if (must_record_pending() && (!wake || record_again_at_ < *wake)) wake = record_again_at_;
  const auto has_work = [](const Inbox& inbox) { return !inbox.is_empty(); };
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

std::vector<Outcome> Writer::apply_now(std::span<const Change> changes) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<Outcome> outcomes = registry_.apply(changes, clock_, wall_now());
  stats_.commit_seconds.record(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  stats_.batch_changes.record(static_cast<double>(changes.size()));
  for (std::size_t i = 0; i < outcomes.size(); ++i) count(changes[i], outcomes[i]);
  return outcomes;
}

void Writer::count(const Change& change, const Outcome& outcome) {
  if (!outcome) {
    const bool store_failed = outcome.error().code == Errc::store_busy || outcome.error().code == Errc::store_failed;
    if (store_failed) {
      stats_.failed_changes.fetch_add(1, std::memory_order_relaxed);
      record_again_at_ = clock_.now() + k_record_again_after;
      stats_.store_works.store(false, std::memory_order_relaxed);
    }
    return;
  }
  if (!outcome->changed) return;
  stats_.store_works.store(true, std::memory_order_relaxed);
  if (std::holds_alternative<Deregister>(change.asked)) {
    stats_.deregistered.fetch_add(1, std::memory_order_relaxed);
  } else if (outcome->created) {
    stats_.registered.fetch_add(1, std::memory_order_relaxed);
  } else {
    stats_.updated.fetch_add(1, std::memory_order_relaxed);
  }
}

void Writer::record_pending() {
  const bool recorded = registry_.record_pending().has_value();
  stats_.store_works.store(recorded, std::memory_order_relaxed);
  if (!recorded) record_again_at_ = clock_.now() + k_record_again_after;
}

}  // namespace rollcall::registry
