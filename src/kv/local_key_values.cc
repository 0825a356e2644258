#include "kv/local_key_values.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <pthread.h>
#include <variant>

#include "kv/query_definition.h"
#include "registry/registry.h"

namespace rollcall::kv {
LocalKeyValues::LocalKeyValues(Journal& journal, const TimeSource& clock, RunSoon run_soon, std::size_t bytes_max)
    : journal_(journal), clock_(clock), run_soon_(std::move(run_soon)), stage_(bytes_max) {}

// --- The start ---

Result<std::vector<std::string>> LocalKeyValues::restore(WallTime wall_now, Continues continues) {
  Result<Stored> stored = journal_.read();
  if (!stored) return std::unexpected(std::move(stored.error()));
  std::vector<std::string> sentences = std::move(stored->left_out);
  const LeaseTime now = clock_.now();
  const bool goes_on = continues == Continues::yes && stored->index > 0;
  const Index start = goes_on ? stored->index : registry::index_of_start(stored->index, wall_now);
  View view(start);
  for (const EntryPtr& entry : stored->entries) {
    stage_.put(entry);
    view.restore(entry);
  }
  for (const SessionPtr& session : stored->sessions) {
    stage_.put(session);
    view.restore(session, now);
  }
  for (const LockDelay& delay : stored->delays) stage_.put(delay, now);
  for (const Query& row : stored->queries) {
    Result<Query> query = parse_definition(row.definition);
    if (!query) {
      sentences.push_back(fmt::format("the prepared query {}: {}", row.id, query.error().message));
      continue;
    }
    query->id = row.id;
    query->create_index = row.create_index;
    query->modify_index = row.modify_index;
    const QueryPtr shared = std::make_shared<const Query>(std::move(*query));
    stage_.put(shared);
    view.restore(shared);
    query_table_.replace(nullptr, shared);
  }
  stage_.count_from(start);
  view_.with([&](View& empty) { empty = std::move(view); });
  if (goes_on) return sentences;
  // On the disk before anybody sees it: it must not come again with other content.
  if (const Result<void> recorded = journal_.record({.list = {}, .index = start}); !recorded) {
    sentences.push_back("the index of this start is not stored yet: " + recorded.error().message);
  }
  return sentences;
}

void LocalKeyValues::start() {
  set_timer(false);
  timing_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "sessions");
    keep_time(stop);
  });
}

void LocalKeyValues::finish() {
  if (timing_.joinable()) {
    timing_.request_stop();
    timing_.join();
  }
  while (!inbox_.with([](const Inbox& inbox) { return inbox.waiting.empty(); })) run_batch();
}

// --- What waits ---

bool LocalKeyValues::submit(Request request, Reply reply) {
  const std::size_t bytes = waiting_bytes(request);
  const bool has_room = inbox_.with([&](const Inbox& inbox) {
    return inbox.waiting.size() < k_waiting_max && inbox.bytes + bytes <= k_waiting_bytes_max;
  });
  if (!has_room) return false;
  push({std::move(request), std::move(reply), bytes});
  return true;
}

void LocalKeyValues::push(Waiting waiting) {
  const bool must_schedule = inbox_.with([&](Inbox& inbox) {
    inbox.bytes += waiting.bytes;
    inbox.waiting.push_back(std::move(waiting));
    return !std::exchange(inbox.is_scheduled, true);
  });
  if (must_schedule) schedule();
}

void LocalKeyValues::schedule() {
  run_soon_([this] { run_batch(); });
}

std::vector<LocalKeyValues::Waiting> LocalKeyValues::take_batch() {
  return inbox_.with([](Inbox& inbox) {
    std::vector<Waiting> batch;
    std::size_t bytes = 0;
    while (!inbox.waiting.empty() && batch.size() < k_batch_max && bytes < k_batch_bytes_max) {
      bytes += inbox.waiting.front().bytes;
      batch.push_back(std::move(inbox.waiting.front()));
      inbox.waiting.pop_front();
    }
    inbox.bytes -= bytes;
    inbox.is_scheduled = !inbox.waiting.empty();
    return batch;
  });
}

// The rest of what waits is another task, so that the roll's own changes have their turn.
void LocalKeyValues::run_batch() {
  std::vector<Waiting> batch = take_batch();
  stage_.begin(clock_.now());
  std::vector<Outcome> outcomes;
  outcomes.reserve(batch.size());
  for (Waiting& each : batch) outcomes.push_back(apply(each.request));
  const Changes changes = stage_.take();
  const Result<void> recorded = changes.is_empty() ? Result<void>() : journal_.record(changes);
  if (recorded) {
    show(changes, clock_.now());
  } else {
    // Also what has only read: it may have read what was taken back.
    stage_.undo();
    std::ranges::fill(outcomes, Outcome(std::unexpected(recorded.error())));
  }
  set_timer(!recorded);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].reply) batch[i].reply(std::move(outcomes[i]));
  }
  if (inbox_.with([](const Inbox& inbox) { return inbox.is_scheduled && !inbox.waiting.empty(); })) schedule();
}

Outcome LocalKeyValues::apply(Request& request) {
  return std::visit(
      [this](auto& asked) -> Outcome {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(asked)>, Sweep>) {
          return sweep();
        } else {
          return stage_.apply(asked);
        }
      },
      request);
}

// A renewal and this have one winner: what `end_due` returns is not renewed any more.
Stage::Result LocalKeyValues::sweep() {
  const std::vector<std::string> over = view_.with([this](View& view) { return view.end_due(clock_.now()); });
  for (const std::string& id : over) static_cast<void>(stage_.apply(DestroySession{id}));
  return Done{};
}

// --- Readers ---

std::optional<SessionPtr> LocalKeyValues::renew(std::string_view id) const {
  return view_.with([&](View& view) { return view.renew(id, clock_.now()); });
}

// --- The time of sessions ---

void LocalKeyValues::set_timer(bool has_failed) {
  std::optional<LeaseTime> next = view_.with([](const View& view) { return view.next_end(); });
  const LeaseTime again = clock_.now() + k_again_after;
  if (has_failed && (!next || again < *next)) next = again;
  timer_.change([&](Timer& timer) { timer.next = next; });
}

// A deadline that was moved by a renewal is found when it has come: the sweep ends nobody then, and sets the next one.
void LocalKeyValues::keep_time(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::optional<LeaseTime> next = timer_.with([](const Timer& timer) { return timer.next; });
    if (!next) {
      timer_.wait(stop, [](const Timer& timer) { return timer.next.has_value(); });
      continue;
    }
    const LeaseTime now = clock_.now();
    if (now >= *next) {
      timer_.with([](Timer& timer) { timer.next.reset(); });
      push({Sweep{}, nullptr, 0});
      continue;
    }
    timer_.wait_until(stop, std::chrono::steady_clock::now() + (*next - now),
                      [&](const Timer& timer) { return timer.next != next; });
  }
}

}  // namespace rollcall::kv
