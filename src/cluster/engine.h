// The port to the store that several nodes share: what is asked of etcd, in its own terms and within its limits.
//
// Shape    `read` a range, `commit` a guarded transaction, `watch` prefixes by whole revisions, one session (a lease that the
//          engine keeps alive and that puts can be attached to), and `look`, how the store is.
// Owner    rollcalld.cc owns an engine; it calls back on one thread of its own, once for each call of `read`, `commit`, `look`
//          and `open_session`, and as often as something happens for `watch`. Once it is destroyed nothing is called back.
// Threads  any may call; a callback may call again.
// Failure  every outcome is a value. `unknown` means that a transaction may have been applied, or may be applied later
//          while nothing it compares has changed; the engine itself retries nothing that may have been applied.
// Limits   k_operations_max operations, as many compares, a key put or deleted once; compares see the state before.
// Source   etcd v3 API (kv.proto, rpc.proto); docs: etcd "API guarantees".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::cluster {

// etcd's revision of the whole store: 0 stands for a key that does not exist.
using Revision = std::int64_t;

using LeaseNumber = std::int64_t;  // of etcd; 0: none

inline constexpr std::size_t k_operations_max = 128;  // etcd's --max-txn-ops

struct Compare {
  enum class Target : std::uint8_t { mod_revision, create_revision };
  std::string key;
  Target target = Target::mod_revision;
  Revision equals = 0;  // 0: the key does not exist
};

struct Put {
  std::string key;
  std::string value = {};
  bool in_session = false;  // goes with the lease of the engine's session ...
  LeaseNumber lease = 0;    // ... or with this one; 0: with none
};

// [begin, end); an empty end: the one key `begin`.
struct Range {
  std::string begin;
  std::string end;
};

// The range of all keys that begin with the prefix, which does not end in 0xff.
[[nodiscard]] inline Range range_of_prefix(std::string_view prefix) {
  Range range{std::string(prefix), std::string(prefix)};
  range.end.back() = static_cast<char>(range.end.back() + 1);
  return range;
}

// If all compares hold, the puts and deletes are made, in one revision; otherwise the ranges are read.
struct Transaction {
  std::vector<Compare> compares = {};
  std::vector<Put> puts = {};
  std::vector<std::string> deletes = {};  // keys that need not exist; one that does not makes no revision
  std::vector<Range> otherwise = {};
};

struct KeyValue {
  std::string key;
  std::string value = {};
  Revision created = 0;
  Revision changed = 0;
  std::int64_t version = 0;  // changes of the key since it was created
  LeaseNumber lease = 0;     // that the key goes with
};

// `at`: the store as it was at this revision; 0: as it is now. `keys_max`: of one answer; 0: all. `newest_only`: the one key
// of the range that was changed last, without its value.
struct Reading {
  Range range;
  Revision at = 0;
  std::int64_t keys_max = 0;
  bool newest_only = false;
};

// What every answer of the engine says of the store.
struct Header {
  std::uint64_t cluster_id = 0;
  Revision revision = 0;
};

enum class CommitOutcome : std::uint8_t {
  applied,   // all compares held
  differed,  // one did not; `read` holds what the ranges came to
  refused,   // certainly not applied: `refusal` says why
  unknown,   // no answer: it may have been applied, or may still be
};

enum class Refusal : std::uint8_t {
  none,
  no_space,     // etcd's alarm NOSPACE: deletions alone pass
  no_lease,     // the session's lease has ended
  too_large,    // more octets or operations than etcd takes
  overloaded,   // too many proposals wait there
  not_allowed,  // user, password or rights
  other,
};

struct Committed {
  CommitOutcome outcome = CommitOutcome::unknown;
  Refusal refusal = Refusal::none;
  Header header;
  std::vector<KeyValue> read;
};

enum class ReadOutcome : std::uint8_t { answered, compacted, refused, no_answer };

struct Snapshot {
  ReadOutcome outcome = ReadOutcome::no_answer;
  Header header;
  std::vector<KeyValue> keys;  // in order
  bool more = false;           // `keys_max` has left some out

  [[nodiscard]] bool ok() const { return outcome == ReadOutcome::answered; }
};

struct KeyEvent {
  bool deleted = false;
  KeyValue now;  // of a deleted key: only its name, and the revision of the deletion
};

// How the store is, as the member that is asked tells it.
struct EngineState {
  bool answered = false;
  std::string endpoint = {};
  std::string version = {};  // of etcd
  Header header = {};
  std::int64_t database_bytes = 0;
  std::int64_t bytes_in_use = 0;
  std::int64_t quota_bytes = 0;  // 0: it does not tell
  bool has_leader = false;
  bool has_no_space = false;
  std::string error = {};  // why there is no answer: for people
};

// All events of one revision, in the engine's order.
struct RevisionEvents {
  Revision revision = 0;
  std::vector<KeyEvent> events;
};

class Watcher {
 public:
  enum class End : std::uint8_t {
    compacted,    // the revision asked for is no longer there: read everything
    disconnected  // watch again from the revision after the last one seen, after the history check
  };
  virtual ~Watcher() = default;
  virtual void see(const RevisionEvents& events) = 0;
  virtual void ended(End why) = 0;  // nothing follows
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual void read(Reading reading, std::function<void(Snapshot)> done) = 0;  // linearizable
  virtual void commit(Transaction transaction, std::function<void(Committed)> done) = 0;
  // In order, each revision once. Ends the watch before of the same prefix, of which nothing more comes; nor once the watcher
  // is gone.
  virtual void watch(std::string prefix, Revision from, std::weak_ptr<Watcher> watcher) = 0;
  // Grants a lease and keeps it alive until the session is closed; one at a time. `renewed` is called after each renewal that
  // the engine confirms, which proves nothing (a stuck leader confirms what has ended).
  virtual void open_session(std::function<void(bool granted)> done, std::function<void()> renewed) = 0;
  virtual void close_session(bool revoke) = 0;  // without `revoke` the lease runs out by itself
  virtual void look(std::function<void(EngineState)> done) = 0;
  // To another member of the store, where more than one is known: this one is behind, or cannot be believed. The watch ends.
  virtual void move_on() = 0;
};

}  // namespace rollcall::cluster
