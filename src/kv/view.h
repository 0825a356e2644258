// What readers see of the store, and what they wait for: the tables as they are on the disk, an index for each key, prefix and
// list, the deadlines of sessions, and the calls that wait.
//
// Index    A key that is there has its modify index. One that is not has the index of its removal, or the floor where that is no
//          longer remembered. A prefix, the sessions and the queries have the highest index of a change among them, the floor at
//          least. The floor is the index of this start, later that of the newest removal that was forgotten: so an index never
//          comes again with other content, and an old one is never waited with for ever.
// Time     a session's deadline is on the lease clock; it ends between its TTL and twice that.
// Threads  one at a time (kv.h guards it). `Wake` is called by the thread that applies changes: it must only hand over.
// Source   Consul's documentation of blocking queries.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "kv/changes.h"
#include "kv/tables.h"

namespace rollcall::kv {

// What a call reads, and can wait for.
struct Topic {
  enum class Kind : std::uint8_t { key, prefix, session, sessions, queries };
  Kind kind = Kind::key;
  std::string name = {};  // of the key, prefix or session
};

class View {
 public:
  using Wake = std::move_only_function<void()>;
  using Seat = std::uint64_t;

  explicit View(Index floor = 1) : floor_(floor), index_(floor) {}

  [[nodiscard]] const Tables& tables() const { return tables_; }
  [[nodiscard]] Index index() const { return index_; }

  // At a start: what is stored, before any change. Each session has one whole TTL.
  void restore(const EntryPtr& entry) { tables_.replace(nullptr, entry); }
  void restore(const SessionPtr& session, LeaseTime now);
  void restore(const QueryPtr& query) { tables_.replace(nullptr, query); }

  // Returns those to wake, each with its seat, which is free.
  [[nodiscard]] std::vector<Wake> apply(const Changes& changes, LeaseTime now);

  struct Standing {
    Index index;   // for the answer
    bool is_over;  // something has changed since `known`, or `known` is from elsewhere: do not wait
  };
  [[nodiscard]] Standing look(const Topic& topic, Index known) const;

  // --- Those who wait ---

  // Empty: all seats are taken. `wake` is called at most once.
  [[nodiscard]] std::optional<Seat> take_seat(const Topic& topic, Wake wake);
  void leave(Seat seat);
  [[nodiscard]] std::size_t seats() const { return seats_.size(); }

  // --- Sessions and their time ---

  // Null: there is none, or it has ended.
  [[nodiscard]] SessionPtr renew(std::string_view id, LeaseTime now);
  [[nodiscard]] bool is_alive(std::string_view id) const { return !ending_.contains(id); }
  // Sessions that are over by now: nobody renews them or sees them from here on.
  [[nodiscard]] std::vector<std::string> end_due(LeaseTime now);
  // In a cluster, where a session is over when it has ended there: those whose time is up, which may go on all the same.
  [[nodiscard]] std::vector<std::string> due(LeaseTime now) const;
  [[nodiscard]] bool is_due(std::string_view id, LeaseTime now) const;
  // Nobody could renew: each has its whole time again.
  void give_all_time(LeaseTime now);
  // When the first session is over, unless it is renewed.
  [[nodiscard]] std::optional<LeaseTime> next_end() const;

 private:
  using Line = std::map<Seat, Wake>;
  using Lines = std::map<std::string, Line, std::less<>>;
  struct Grave {
    std::string key;
    Index index;
  };

  void follow(const Replaced<Entry>& change, std::vector<Wake>& woken);
  void follow(const Replaced<Session>& change, LeaseTime now, std::vector<Wake>& woken);
  void follow(const Replaced<Query>& change, std::vector<Wake>& woken);
  void bury(const std::string& key, Index index);
  void wake(Lines& lines, std::string_view name, std::vector<Wake>& woken);
  void set_deadline(const Session& session, LeaseTime now);
  void drop_deadline(std::string_view session);
  [[nodiscard]] Lines& lines_of(Topic::Kind kind) { return lines_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] Index grave_of(std::string_view key) const;
  [[nodiscard]] Index index_below(std::string_view prefix) const;

  Tables tables_;
  Index floor_;
  Index index_;
  Index sessions_index_ = 0;  // 0: as the floor
  Index queries_index_ = 0;
  std::map<std::string, Index, std::less<>> graves_;  // of keys that are not there
  std::deque<Grave> buried_;                          // in the order of their index; some are no graves any more

  std::map<std::string, LeaseTime, std::less<>> deadlines_;  // of sessions with a TTL
  std::set<std::pair<LeaseTime, std::string>> by_time_;      // the same
  std::set<std::string, std::less<>> ending_;                // over, and still stored

  Lines lines_[5];  // by the kind of topic; no line is empty
  std::unordered_map<Seat, Topic> seats_;
  Seat last_seat_ = 0;
};

}  // namespace rollcall::kv
