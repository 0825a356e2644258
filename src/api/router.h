// The HTTP API: a request, and the roll, to a response or to a change for the writer.
//
// Threads  `route` any thread holding an rcu::Thread; it takes the ReadLock itself, and waits for nothing.
// Failure  every error is a problem response (problem.h).
// Source   interface.md §4.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/access.h"
#include "api/message.h"
#include "dns/name.h"
#include "dns/types.h"
#include "registry/feed.h"
#include "registry/history.h"
#include "registry/registration.h"
#include "registry/registry.h"

namespace rollcall::api {

struct Explanation {
  std::string json;
  std::vector<registry::ServiceKey> services;  // that it tells of
  std::vector<registry::ZoneId> zones = {};    // of which it tells more than of some services
};

// What the API shows of the rest of the server. Any thread.
class ServerView {
 public:
  virtual ~ServerView() = default;
  // GET /v1/status: zones and rows by name, and how many services and instances, as far as the grant covers them.
  [[nodiscard]] virtual std::string status_json(const Grant& reader) const = 0;
  [[nodiscard]] virtual std::string metrics_text() const = 0;  // GET /metrics: sums over everything, and no name
  // GET /v1/explain: what the DNS answers now, and why. Under the route's ReadLock.
  [[nodiscard]] virtual Explanation explain(const dns::Name& name, dns::Type type) const = 0;
  // Empty: able to register and answer. Else the sentence that says why not.
  [[nodiscard]] virtual std::string unready_reason() const = 0;
  [[nodiscard]] virtual registry::LeaseBounds lease_bounds() const = 0;
};

struct Wait;

// A change to be handed to the writer, and what to answer once its outcome is there. `describe` owns all it needs but
// the Counters of the route that made it: it is called at most once, on that thread. A writer that takes no more is
// answered for by whoever asked it: problem(Errc::overloaded).
struct Submission {
  registry::Change change;
  std::move_only_function<std::variant<Response, Wait>(const registry::Outcome&, registry::LeaseTime now)> describe;
};

// Answered later: when the service is at another index than `known`, or the time is over, whichever is first. Another
// index may be there already when this arrives: whoever waits looks once after it is in the queue of those who are woken.
// `answer` is called at most once, on the thread of the route that made it, and owns all it needs but the Counters.
struct Wait {
  std::optional<registry::ServiceKey> service;  // empty: the time alone
  registry::ChangeIndex known = 0;              // of the service; 0: there is none yet
  std::chrono::milliseconds at_most{};
  std::move_only_function<Response(registry::LeaseTime now)> answer;
  bool is_long = false;  // `answer` is one for a LongAnswer
  // Who waits for a moment of the lease clock, which stands still while the server does: how far away it is. Zero: it has
  // come, and the wait is over before its time. Empty: only the time counts.
  std::move_only_function<std::chrono::milliseconds(registry::LeaseTime now)> left = {};
};

// An answer that takes so long to make that no other should wait for it on the same thread. `make` is called at most once,
// on any thread that holds an rcu::Thread, and owns all it needs but the Counters. Such an `answer` of others as well.
struct LongAnswer {
  std::move_only_function<Response(registry::LeaseTime now)> make;
};

// A question to the stored history, and what to answer once it has been read: as `describe` of a Submission.
struct HistoryRequest {
  registry::HistoryQuery query;
  std::move_only_function<Response(const Result<registry::HistoryPage>& page)> answer;
  bool is_long = false;  // `answer` is one for a LongAnswer
};

// An answer that does not end: the events of the roll as they happen (event_text.h), until the client goes.
struct Watch {
  registry::EventFilter what;
  std::optional<registry::EventId> after;  // first those that came after this one; empty: from now on
};

// Not answered: what stands ahead of it on its connection must come to an end first. Route it again then.
struct RouteAgain {};

using Routed = std::variant<Response, Submission, RouteAgain, Wait, HistoryRequest, Watch, LongAnswer>;

// What stands ahead of a request on its connection, unanswered (RFC 9112 §9.3.2: answers, and effects, in order).
enum class PendingAhead : std::uint8_t {
  nothing,
  changes,  // for the writer: another change follows them there, and a read or a bare heartbeat waits
};

// Whether there is room for an answer of any size: what clients have not taken yet may fill the memory kept for it. Calls
// whose answers are small, heartbeats and changes among them, are answered all the same.
enum class MemoryRoom : std::uint8_t { enough, little };

// One per HTTP thread, written by it alone; read by a scrape.
struct Counters {
  std::atomic<std::uint64_t> heartbeats{0};          // leases renewed
  std::atomic<std::uint64_t> heartbeats_unknown{0};  // asked for, but not on the roll
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> client_errors{0};    // 4xx, those of the next two among them
  std::atomic<std::uint64_t> unauthenticated{0};  // 401
  std::atomic<std::uint64_t> forbidden{0};        // 403
  std::atomic<std::uint64_t> server_errors{0};    // 5xx
  std::atomic<std::uint64_t> lists{0};            // answers made apart, because they are long
  std::atomic<std::uint64_t> without_room{0};     // 503: too much is held for clients that do not read
  // Gauges, and what watchers were sent.
  std::atomic<std::uint64_t> waiting{0};   // calls that wait for a change or for time
  std::atomic<std::uint64_t> watching{0};  // streams of events
  std::atomic<std::uint64_t> events_sent{0};
  std::atomic<std::uint64_t> watchers_cut_off{0};   // too slow, or the history could not be read for them
  std::atomic<std::uint64_t> watchers_with_gap{0};  // that came back to find part of the history forgotten
};

// Every Response of `route` and of `describe` is counted already: this is for those that net/ makes itself (408, 413,
// 431, 503 …).
void count_errors(const Response& response, Counters& counters);

// The 503 for MemoryRoom::little, counted.
[[nodiscard]] Response refuse_for_room(Counters& counters);

struct Route;  // a line of the table

class Router {
 public:
  // All borrowed; they outlive the Router.
  Router(const registry::Registry& registry, const registry::ZoneDirectory& zones, const ServerView& server,
         const Access& access)
      : registry_(registry), zones_(zones), server_(server), access_(access) {}

  // A heartbeat that renews, and every read, is answered at once. A registration, update or deregistration comes back
  // as a Submission.
  [[nodiscard]] Routed route(const Request& request, registry::LeaseTime now, Counters& counters,
                             PendingAhead ahead = PendingAhead::nothing, MemoryRoom room = MemoryRoom::enough) const;

  // What can be told from a head alone, before any of its body is waited for: a call that does not exist, or that its
  // caller has no right for, whatever it names. Empty: the body is wanted. A refusal is counted.
  [[nodiscard]] std::optional<Response> refuse_unread(const Request& head, Counters& counters) const;

  // Whether what is waited for has happened: the service is at another index. Takes the ReadLock itself.
  [[nodiscard]] bool is_over(const Wait& wait) const;

  // For the texts of events.
  [[nodiscard]] const registry::ZoneDirectory& zones() const { return zones_; }

  // The largest body this request may have, known before the body is read.
  [[nodiscard]] static std::size_t body_bytes_max(const Request& head);

 private:
  [[nodiscard]] Routed find_and_run(const Request& request, registry::LeaseTime now, Counters& counters,
                                    PendingAhead ahead, MemoryRoom room) const;
  [[nodiscard]] Result<Standing> admit(const Request& request, const Route& route) const;

  const registry::Registry& registry_;
  const registry::ZoneDirectory& zones_;
  const ServerView& server_;
  const Access& access_;
};

}  // namespace rollcall::api
