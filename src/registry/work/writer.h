// The writer: the one thread that changes the roll. It takes everything that waits as one transaction (group commit),
// and answers only when the transaction is durable and visible. Between commits it ends leases at their deadlines.
//
// Threads  `submit` any thread; `run` is the thread's body, and needs an rcu::Thread around it. A Reply is called on
//          the writer's thread and must only hand over.
// Limits   k_queued_changes_max waiting, k_batch_changes_max in one transaction.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "base/guarded.h"
#include "base/histogram.h"
#include "registry/registry.h"
#include "registry/work/agreed_writer.h"

namespace rollcall::registry {

struct WriterStats {
  Histogram commit_seconds{Histogram::exponential(0.0001, 2.5, 12)};  // 100 µs … 2.4 s
  Histogram batch_changes{Histogram::exponential(1, 2, 13)};          // 1 … 4096
  std::atomic<std::uint64_t> failed_changes{0};                       // refused because the store could not write
  std::atomic<std::uint64_t> registered{0};                           // new instances
  std::atomic<std::uint64_t> updated{0};                              // changed ones
  std::atomic<std::uint64_t> deregistered{0};
  std::atomic<bool> store_works{true};  // whether the last write succeeded
};

class Writer {
 public:
  using Reply = std::move_only_function<void(Outcome)>;
  using ReplyToAll = std::move_only_function<void(std::vector<Outcome>)>;

  Writer(Registry& registry, const TimeSource& clock) : registry_(registry), clock_(clock) {}

  // Before `run`: changes go through it, to the store that several nodes share. `agreed` outlives the writer's thread.
  void set_agreed(AgreedWriter& agreed);

  // Hands a change to the writer. False, and the reply is dropped uncalled: the queue is full, or the writer has
  // stopped.
  [[nodiscard]] bool submit(Change change, Reply reply);
  // The same for several, all or none of them: the reply comes when all outcomes are there, in the order of the changes.
  [[nodiscard]] bool submit(std::vector<Change> changes, ReplyToAll reply);

  // Runs `task` on the writer's thread, between two commits: for what must not meet a change half way. Dropped when the
  // writer has stopped.
  void run_soon(std::move_only_function<void()> task);

  // Runs `task` on the writer's thread once nothing waits: every change that was submitted before is answered. While it
  // runs, nothing is changed. One at a time.
  void run_when_idle(std::move_only_function<void()> task);

  // Applies changes at once, as one transaction. From a task of `run_soon`; on a single node.
  [[nodiscard]] std::vector<Outcome> apply_now(std::span<const Change> changes);

  // Until asked to stop; then applies what waits, and returns.
  void run(const std::stop_token& stop);

  [[nodiscard]] const WriterStats& stats() const { return stats_; }

 private:
  struct Submission {
    Change change;
    Reply reply;
  };
  // Changes and tasks queued by other threads.
  struct Inbox {
    std::vector<Submission> queue;
    std::vector<std::move_only_function<void()>> tasks;
    std::move_only_function<void()> when_idle;
    bool is_closed = false;
    [[nodiscard]] bool is_empty() const { return queue.empty() && tasks.empty(); }
    [[nodiscard]] bool is_idle() const { return is_empty() && when_idle == nullptr; }
  };

  [[nodiscard]] bool has_room_for(std::size_t changes, const Inbox& inbox) const;
  std::vector<Submission> wait_for_work(const std::stop_token& stop);
  std::vector<Submission> take_batch();
  void run_tasks();
  void run_idle_task();
  void close();
  void commit(std::vector<Submission> batch);
  void hand_over(std::vector<Submission> batch);
  void refuse(std::vector<Submission> batch);
  void count(bool is_deregistration, const Outcome& outcome);
  void note_store(const Outcome& outcome);
  void record_pending();
  [[nodiscard]] bool must_record_pending() const;

  Registry& registry_;
  const TimeSource& clock_;
  AgreedWriter* agreed_ = nullptr;
  WriterStats stats_;

  GuardedCondition<Inbox> inbox_;
  LeaseTime record_again_at_{};  // the writer's own
};

}  // namespace rollcall::registry
