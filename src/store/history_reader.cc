#include "store/history_reader.h"

#include <chrono>
#include <exception>
#include <pthread.h>
#include <utility>

#include "base/limits.h"
#include "base/rcu.h"
#include "store/history_table.h"
#include "store/sqlite_error.h"

namespace rollcall::store {
namespace {

using namespace std::chrono_literals;

constexpr auto k_note_size_every = 10s;  // for the metrics

}  // namespace

Result<std::unique_ptr<HistoryReader>> HistoryReader::open(const std::filesystem::path& path,
                                                           const registry::ZoneDirectory& zones,
                                                           registry::StorageMode mode) {
  try {
    return std::unique_ptr<HistoryReader>(new HistoryReader(std::make_unique<HistoryTable>(path, zones, mode)));
  } catch (const std::exception& exception) {
    return failure(Errc::start_up, "the history in the database " + path.string() + " cannot be read (" +
                                       exception.what() +
                                       "); put a back-up in its place with rollcalld --restore FILE");
  }
}

HistoryReader::HistoryReader(std::unique_ptr<HistoryTable> table)
    : table_(std::move(table)), thread_([this](const std::stop_token& stop) {
        pthread_setname_np(pthread_self(), "history");
        const rcu::Thread reader;  // looking up a zone needs a registered RCU reader
        run(stop);
      }) {}

HistoryReader::~HistoryReader() { close(); }

bool HistoryReader::read(registry::HistoryQuery query, Reply reply) {
  return inbox_.change([&](Inbox& inbox) {
    if (inbox.is_closed || inbox.queue.size() >= limits::k_history_queries_max) return false;
    inbox.queue.push_back({std::move(query), std::move(reply)});
    return true;
  });
}

void HistoryReader::close() {
  std::deque<Waiting> refused = inbox_.with([](Inbox& inbox) {
    inbox.is_closed = true;
    return std::exchange(inbox.queue, {});
  });
  for (Waiting& waiting : refused) waiting.reply(failure(Errc::overloaded, "the server stops"));
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void HistoryReader::run(const std::stop_token& stop) {
  note_size();
  auto size_noted_at = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    const auto until = std::chrono::steady_clock::now() + k_note_size_every;
    inbox_.wait_until(stop, until, [](const Inbox& inbox) { return !inbox.queue.empty(); });
    std::optional<Waiting> next = inbox_.with([](Inbox& inbox) {
      std::optional<Waiting> first;
      if (inbox.queue.empty()) return first;
      first = std::move(inbox.queue.front());
      inbox.queue.pop_front();
      return first;
    });
    if (next) next->reply(answer(next->query));
    if (std::chrono::steady_clock::now() - size_noted_at < k_note_size_every) continue;
    note_size();
    size_noted_at = std::chrono::steady_clock::now();
  }
}

Result<registry::HistoryPage> HistoryReader::answer(const registry::HistoryQuery& query) {
  try {
    return table_->read(query);
  } catch (const std::exception& exception) {
    return std::unexpected(to_error(exception, "read"));
  }
}

// Updates the event count for the metrics. On failure the old count stays; a history query reports the error to its
// client.
void HistoryReader::note_size() {
  try {
    size_.store(table_->size(), std::memory_order_relaxed);
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace rollcall::store
