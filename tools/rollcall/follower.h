// Follows GET /v1/watch in a thread of its own, through breaks and restarts of the registry.
//
// Shape    What is new waits to be taken; descriptor() is readable while something does. The first `is_everything_new`
//          comes when the watch has begun: who reads the roll after it misses no change. Later ones come when events are lost
//          for good (a gap, or more than k_waiting_max that nobody has taken).
// Time     A watch that cannot begin, or ends, is begun again with the last event's number after 100 ms, and then twice as
//          long each time up to 5 s, less a random half.
// Owner    joins its thread.
// Threads  take() in one thread.
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
  std::string json;  // all of it, as it came
};

// What the stream says, as a RollEvent; nothing where it is none of a registry's.
[[nodiscard]] std::optional<RollEvent> parse_roll_event(const client::ServerEvent& event);

struct News {
  std::vector<RollEvent> events;
  bool is_everything_new = false;
  bool has_come_up = false;      // the watch runs (again)
  std::string zone;              // what is watched, by name; empty: all zones
  std::optional<Error> is_away;  // it does not; told once until it runs again
};

class Follower {
 public:
  static constexpr std::size_t k_waiting_max = 16'384;

  // What a watch without the name of a zone watches.
  enum class NoZone : std::uint8_t {
    is_all,    // every zone
    is_first,  // the one that reads without a name read: whoever reads what the watch tells of must see the same zone
  };

  // `service` may be empty: all of them.
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
  // Of the thread.
  std::string zone_;
  std::string last_event_id_;
  bool is_up_ = false;
  bool has_begun_ = false;
  std::thread thread_;
};

}  // namespace rollcall::cli
