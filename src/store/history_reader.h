// Reads the history back: a registry::History over a connection and a thread of its own.
//
// Shape    queries are answered in the order they came, each from one read transaction. The writer neither waits for
//          them nor holds them up (WAL).
// Owner    rollcalld.cc; the zones outlive it. Whatever replies post to is there until `close`.
// Threads  see registry/events/history.h; `close` the main thread's.
// Failure  opening: Errc::start_up. Later in the replies. Rows that nobody can read any more (edited by hand, of zones
//          that are not served) are left out.
// Limits   k_history_queries_max waiting.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <thread>

#include "base/guarded.h"
#include "base/result.h"
#include "registry/events/history.h"
#include "registry/ports/ports.h"

namespace rollcall::store {

class HistoryTable;

class HistoryReader final : public registry::History {
 public:
  // The database exists already, in its present form.
  [[nodiscard]] static Result<std::unique_ptr<HistoryReader>> open(const std::filesystem::path& path,
                                                                   const registry::ZoneDirectory& zones);
  ~HistoryReader() override;
  HistoryReader(const HistoryReader&) = delete;
  HistoryReader& operator=(const HistoryReader&) = delete;

  [[nodiscard]] bool read(registry::HistoryQuery query, Reply reply) override;
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_.load(std::memory_order_relaxed); }

  // The query that is being answered is the last one; those that wait are refused. No reply is called after this.
  void close();

 private:
  struct Waiting {
    registry::HistoryQuery query;
    Reply reply;
  };
  explicit HistoryReader(std::unique_ptr<HistoryTable> table);

  void run(const std::stop_token& stop);
  [[nodiscard]] Result<registry::HistoryPage> answer(const registry::HistoryQuery& query);
  void note_size();

  std::unique_ptr<HistoryTable> table_;  // the thread's
  std::atomic<std::uint64_t> size_{0};
  struct Inbox {
    std::deque<Waiting> queue;
    bool is_closed = false;
  };
  GuardedCondition<Inbox> inbox_;
  std::jthread thread_;
};

}  // namespace rollcall::store
