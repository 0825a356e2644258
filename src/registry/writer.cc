#include "registry/writer.h"

#include <chrono>
#include <utility>

#include "base/limits.h"
#include "registry/wall_time.h"

namespace rollcall::registry {
namespace {

using namespace std::chrono_literals;

// How soon pending rows are offered again to a store that failed, when no registration does it sooner.
constexpr auto k_record_again_after = 500ms;

}  // namespace

bool Writer::submit(Change change, Reply reply) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || queue_.size() >= limits::k_queued_changes_max) return false;
    queue_.push_back({std::move(change), std::move(reply)});
  }
  arrived_.notify_one();
  return true;
}

void Writer::run_soon(std::move_only_function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    tasks_.push_back(std::move(task));
  }
  arrived_.notify_one();
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
  std::vector<std::move_only_function<void()>> dropped;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  std::swap(dropped, tasks_);
}

// The first of what waits.
std::vector<Writer::Submission> Writer::take_batch() {
  const std::lock_guard lock(mutex_);
  if (queue_.size() <= limits::k_batch_changes_max) return std::exchange(queue_, {});
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(limits::k_batch_changes_max);
  std::vector<Submission> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return batch;
}

void Writer::run_tasks() {
  std::vector<std::move_only_function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks = std::exchange(tasks_, {});
  }
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
  const auto has_work = [this] { return !queue_.empty() || !tasks_.empty(); };

  {
    std::unique_lock lock(mutex_);
    if (wake) {
      arrived_.wait_for(lock, stop, *wake - clock_.now(), has_work);
    } else {
      arrived_.wait(lock, stop, has_work);
    }
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
