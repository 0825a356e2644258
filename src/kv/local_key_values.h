// The key-value store of a single server: on its disk before anything is answered.
//
//   submit(request) → what waits, as one batch on the writer's thread → rules (stage.h) → disk (journal.h)
//                   → readers (view.h) → those who wait are woken → replies
//
// Shape    the rules change tables of their own, and readers have others, so nobody waits for the disk to read.
// Owner    rollcalld.cc. Journal, clock and the writer outlive it.
// Threads  as KeyValues; `restore`: main.
// Failure  what the disk refuses is refused with its error, and nothing has changed; sessions that are over have ended all the
//          same, and are recorded as soon as the disk works.
// Limits   kv/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "kv/journal.h"
#include "kv/key_values.h"
#include "kv/limits.h"
#include "kv/operation.h"
#include "kv/stage.h"

namespace rollcall::kv {

class LocalKeyValues final : public KeyValues {
 public:
  LocalKeyValues(Journal& journal, const TimeSource& clock, RunSoon run_soon, std::size_t bytes_max = k_bytes_default);

  // What is stored. Each session has one whole TTL from now on. Returns a sentence for each row that was left out. The index of
  // this start is on the disk when it returns, or a sentence says why not.
  // `Continues::yes`: the process before has handed over, so the index goes on where it is, and nothing is written.
  enum class Continues : std::uint8_t { no, yes };
  [[nodiscard]] Result<std::vector<std::string>> restore(WallTime wall_now, Continues continues = Continues::no);
  // From here on sessions end.
  void start();
  // After the writer's thread has ended: what still waits is done here, on this thread.
  void finish();

  [[nodiscard]] bool submit(Request request, Reply reply) override;
  // Never empty.
  [[nodiscard]] std::optional<SessionPtr> renew(std::string_view id) const override;
  void catch_up(std::move_only_function<void(bool)> done) override { done(true); }
  [[nodiscard]] bool is_shared() const override { return false; }
  [[nodiscard]] std::string why_unread() const override { return {}; }

 private:
  struct Waiting {
    Request request;
    Reply reply;  // empty for a Sweep
    std::size_t bytes = 0;
  };
  struct Inbox {
    std::deque<Waiting> waiting;
    std::size_t bytes = 0;
    bool is_scheduled = false;
  };
  struct Timer {
    std::optional<LeaseTime> next;  // when to sweep
  };

  void push(Waiting waiting);
  void schedule();
  [[nodiscard]] std::vector<Waiting> take_batch();
  void run_batch();
  [[nodiscard]] Outcome apply(Request& request);
  [[nodiscard]] Stage::Result sweep();
  void set_timer(bool has_failed);
  void keep_time(const std::stop_token& stop);

  Journal& journal_;
  const TimeSource& clock_;
  const RunSoon run_soon_;
  Stage stage_;  // the writer's
  Guarded<Inbox> inbox_;
  GuardedCondition<Timer> timer_;
  std::jthread timing_;  // after what it uses
};

}  // namespace rollcall::kv
