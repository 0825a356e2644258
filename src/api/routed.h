// What the router makes of a request: a response, or what has to happen before there is one.
//
// Shape    each kind names what is waited for, and owns the function that makes the response afterwards. Such a function
//          is called at most once; it may borrow the Counters of the route that made it, and nothing else of that call.
// Threads  made by the connection's thread. Where the functions run is said at each.
// Source   RFC 9112 §9.3.2: responses leave in the order of their requests.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "api/message.h"
#include "base/awaited.h"
#include "base/metrics.h"
#include "registry/events/feed.h"
#include "registry/events/history.h"
#include "registry/instance/change.h"
#include "registry/instance/lease.h"

namespace rollcall::api {

struct Wait;

// A change for the writer, and how to describe its outcome. `describe` runs on the connection's thread. When the writer's
// queue is full, net/ answers Errc::overloaded itself.
struct Submission {
  registry::Change change;
  std::move_only_function<std::variant<Response, Wait>(const registry::Outcome&, registry::LeaseTime now)> describe;
};

// The same of several changes: described when all outcomes are there, in the order of the changes.
struct Submissions {
  std::vector<registry::Change> changes;  // at least one
  std::move_only_function<Response(std::span<const registry::Outcome>, registry::LeaseTime now)> describe;
};

// A change of something beside the roll (keys and values): what is behind it commits by itself. `begin` hands it over, with a
// function that any thread calls once when it is durable or has failed; false: its queue is full, and net/ answers
// Errc::overloaded. `describe` runs on the connection's thread after that, and shares the outcome with `begin`.
struct OtherChange {
  using Done = std::move_only_function<void()>;
  std::move_only_function<bool(Done done)> begin;
  std::move_only_function<Response(registry::LeaseTime now)> describe;
};

// Answered when what is waited for has happened, or when `at_most` has passed, whichever is first. `answer` runs on the
// connection's thread.
struct Wait {
  std::unique_ptr<Awaited> until = {};  // null: only the time counts
  std::chrono::milliseconds at_most{};
  std::move_only_function<Response(registry::LeaseTime now)> answer;
  bool is_long = false;  // `answer` must run as a LongAnswer
  bool is_read = false;  // with nothing to wait for but time: `answer` may be of any size
  // For calls that wait for a moment of the lease clock, which stands still while the server does: the time left until
  // then. Zero ends the wait early. Empty: only `at_most` counts.
  std::move_only_function<std::chrono::milliseconds(registry::LeaseTime now)> left = {};
};

// A response that takes so long to make that others should not wait for it on the same thread. `make` runs on any thread
// that holds an rcu::Thread.
struct LongAnswer {
  std::move_only_function<Response(registry::LeaseTime now)> make;
};

// A query to the stored history. `answer` runs on the connection's thread, once the page has been read.
struct HistoryRequest {
  registry::HistoryQuery query;
  std::move_only_function<Response(const Result<registry::HistoryPage>& page)> answer;
  bool is_long = false;  // `answer` must run as a LongAnswer
};

// A response that does not end: the events of the roll as they happen (event_text.h), until the client closes.
struct Watch {
  registry::EventFilter what;
  std::optional<registry::EventId> after;  // first the events after this one; empty: from now on
};

// Nothing was done: the requests ahead of this one on its connection must be answered first. Route it again then.
struct RouteAgain {};

using Routed =
    std::variant<Response, Submission, Submissions, OtherChange, RouteAgain, Wait, HistoryRequest, Watch, LongAnswer>;

// Which requests ahead of this one on its connection have no answer yet.
enum class PendingAhead : std::uint8_t {
  nothing,
  changes,  // changes that wait for the writer: another change may follow them there, every other call waits
};

// Whether there is memory for a response of any size. `little`: what clients have not read yet fills the memory kept for
// it. Calls with small answers, heartbeats and changes among them, are answered all the same.
enum class MemoryRoom : std::uint8_t { enough, little };

// One for each HTTP thread, which alone writes it; a scrape of the metrics reads it.
struct Counters {
  std::atomic<std::uint64_t> heartbeats{0};          // leases renewed
  std::atomic<std::uint64_t> heartbeats_unknown{0};  // for instances that are not on the roll
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> client_errors{0};    // 4xx, including the next two
  std::atomic<std::uint64_t> unauthenticated{0};  // 401
  std::atomic<std::uint64_t> forbidden{0};        // 403
  std::atomic<std::uint64_t> server_errors{0};    // 5xx
  std::atomic<std::uint64_t> lists{0};            // long answers
  std::atomic<std::uint64_t> without_room{0};     // 503 because of MemoryRoom::little
  // Gauges of waiting calls and of watchers, and what watchers were sent.
  std::atomic<std::uint64_t> waiting{0};   // calls that wait for a change or for time
  std::atomic<std::uint64_t> watching{0};  // streams of events
  std::atomic<std::uint64_t> events_sent{0};
  std::atomic<std::uint64_t> watchers_cut_off{0};   // too slow, or the history could not be read for them
  std::atomic<std::uint64_t> watchers_with_gap{0};  // resumed after events that are no longer stored
};

// What this room offers to a scrape of the metrics. `loops`: one of each HTTP thread.
void put_metrics(MetricsSink& sink, std::span<const Counters* const> loops);
// Of waiting calls and event streams.
void put_watch_metrics(MetricsSink& sink, std::span<const Counters* const> loops);

}  // namespace rollcall::api
