// Follows the event stream GET /v1/watch in its own thread, and reconnects when the connection or the registry fails.
//
// Shape    new events wait in a queue until take(); descriptor() is readable while there are some. `is_everything_new`
//          means: read the whole roll again. It is set when the first watch has started, so a caller that reads the
//          roll after it misses no change. It is set again when events are lost: a gap in the stream, an unreadable
//          event, or a full queue (k_waiting_max).
// Time     reconnects with the last event id after 100 ms, then with exponential back-off up to 5 s. Jitter shortens
//          each wait by up to a half.
// Owner    the object owns its thread, and the destructor joins it.
// Threads  take() in one thread.
// Failure  start() fails for a bad setting. Later errors are reported once in News::is_away, until the watch works
//          again.
// Source   docs/watching.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "client/http_client.h"

namespace rollcall::cli {

struct RollEvent {
  std::string kind;  // "registered", "expired" …
  std::string cause;
  std::string at;  // RFC 3339
  std::string service;
  std::string id;
  std::string json;  // the whole event, unmodified
};

// Parses an event; empty if it is not an event of a registry.
[[nodiscard]] std::optional<RollEvent> parse_roll_event(const client::ServerEvent& event);

struct News {
  std::vector<RollEvent> events;
  bool is_everything_new = false;
  bool has_come_up = false;      // the watch has started (again)
  std::string zone;              // the name of the watched zone; empty: all zones
  std::optional<Error> is_away;  // the watch has failed; reported once until it runs again
};

class Follower {
 public:
  static constexpr std::size_t k_waiting_max = 16'384;

  // What is watched if no zone is given.
  enum class NoZone : std::uint8_t {
    is_all,    // every zone
    is_first,  // the first zone, which GET requests without a zone read too: both then see the same zone
  };

  // `service`: empty means all services.
  [[nodiscard]] static Result<std::unique_ptr<Follower>> start(const client::HttpSettings& settings,
                                                               const std::string& zone, const std::string& service,
                                                               NoZone no_zone);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] News take();

 private:
  Follower(client::HttpClient client, std::string zone, std::string service, NoZone no_zone);
  void run();
  [[nodiscard]] Result<void> find_zone();
  [[nodiscard]] Error watch_once();
  void accept(const client::ServerEvent& event);
  void come_up();
  template <class Change>
  void tell(Change change);

  client::HttpClient client_;
  std::string service_;
  NoZone no_zone_;
  int descriptor_;
  Guarded<News> news_;
  std::atomic<bool> is_stopped_ = false;
  // Used only by the thread.
  std::string zone_;
  std::string last_event_id_;
  bool is_up_ = false;
  bool has_begun_ = false;
  std::thread thread_;
};

}  // namespace rollcall::cli
