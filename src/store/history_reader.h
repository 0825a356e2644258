// Answers history queries: a registry::History with its own thread and its own read-only connection.
//
// Shape    a FIFO queue of queries; each runs in one read transaction. Queries and the writer thread do not block each
//          other (WAL mode).
// Owner    rollcalld.cc; the zones must outlive it. The objects that replies post to must live until `close` returns.
// Threads  see registry/events/history.h; call `close` on the main thread.
// Failure  opening: Errc::start_up. Later: an error in the reply. Rows that cannot be read (edited by hand, or in zones
//          that are not served) are left out.
// Limits   k_history_queries_max queries in the queue.
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
#include "registry/ports/storage.h"

namespace rollcall::store {

class HistoryTable;

class HistoryReader final : public registry::History {
 public:
  // The database must exist and have the current schema.
  [[nodiscard]] static Result<std::unique_ptr<HistoryReader>> open(
      const std::filesystem::path& path, const registry::ZoneDirectory& zones,
      registry::StorageMode mode = registry::StorageMode::own);
  ~HistoryReader() override;
  HistoryReader(const HistoryReader&) = delete;
  HistoryReader& operator=(const HistoryReader&) = delete;

  [[nodiscard]] bool read(registry::HistoryQuery query, Reply reply) override;
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_.load(std::memory_order_relaxed); }

  // Finishes the running query and refuses the queued ones. After it returns, no reply is called.
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

  std::unique_ptr<HistoryTable> table_;  // used on thread_ only
  std::atomic<std::uint64_t> size_{0};
  struct Inbox {
    std::deque<Waiting> queue;
    bool is_closed = false;
  };
  GuardedCondition<Inbox> inbox_;
  std::jthread thread_;
};

}  // namespace rollcall::store
