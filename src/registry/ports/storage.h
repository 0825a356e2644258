// The ports of a store: one interface for each task. rollcalld.cc opens a store and passes its parts to the modules.
//
// Owner    rollcalld.cc, which opens it; it outlives every user of its parts.
// Threads  as each part says.
// Source   docs/architecture.md, "The ports".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "registry/events/history.h"
#include "registry/ports/durable_change.h"
#include "registry/ports/journal.h"
#include "registry/ports/ports.h"

namespace rollcall::registry {

class Writer;

// The services and instances that an earlier process stored.
//
// Threads  main thread only, before the writer thread starts.
// Failure  `restore` may fail after some parts were taken.
class StoredRoll {
 public:
  // Takes one part, and returns the instances that it refuses.
  using TakeRestored = std::function<std::vector<Refused>(Restored)>;
  // Rows that could not be read (a broken edit) or were refused; they stay in the store.
  struct LeftOut {
    std::size_t count = 0;
    std::vector<std::string> sentences;  // for the first of them
  };

  virtual ~StoredRoll() = default;
  // In parts: each service with all its instances in one of them, and at least one part. `take` is called on this thread.
  [[nodiscard]] virtual Result<void> restore(const TakeRestored& take) = 0;
  // The rows of these instances as they are now; those that are not there, or break a rule, are left out.
  [[nodiscard]] virtual Result<std::vector<InstanceRecord>> read(std::span<const InstanceKey> keys) = 0;
  // What the last `restore` left out.
  [[nodiscard]] virtual LeftOut left_out() const = 0;
};

// Stored SOA serials that secondaries have seen. One thread at a time: main until the writer starts, then the writer.
class KeptSerials {
 public:
  virtual ~KeptSerials() = default;
  [[nodiscard]] virtual Result<std::vector<KeptSerial>> kept_serials() = 0;
  [[nodiscard]] virtual Result<void> keep_serials(std::span<const KeptSerial> serials) = 0;
};

// Stored rows that are not registered because they break a rule, until fixed, deleted or overwritten. Any thread.
class IgnoredRows {
 public:
  virtual ~IgnoredRows() = default;
  [[nodiscard]] virtual std::size_t count() const noexcept = 0;
  // A sentence for each, at most `count_max`.
  [[nodiscard]] virtual std::vector<std::string> sentences(std::size_t count_max) const = 0;
};

// Applies changes that other programs make in the store while the server runs: they pass the same rules as a
// registration, through the writer thread, within a second.
//
// Failure  failed reads and writes are retried; logged once.
class OutsideEdits {
 public:
  virtual ~OutsideEdits() = default;
  // Starts watching, until destruction. Any thread.
  virtual void start() = 0;
  // Checks ignored rows again: the conflicting name may be free now. Writer thread.
  virtual void look_again() = 0;
};

// Where the database keeps the roll of a cluster up to: docs/database.md, table `replica`.
struct ReplicaPlace {
  std::string cluster;      // etcd's cluster id
  std::string incarnation;  // of the cluster's history
  std::int64_t applied_revision = 0;
  // A lane, and the id that it had at that revision: whether the history is still the same.
  std::string lane;
  std::string lane_id;
  // Read only. False: rows were edited while no server ran. They have the lowest index, so everything is to be read from the
  // cluster, and what differs is newer.
  bool is_whole = true;
  friend bool operator==(const ReplicaPlace&, const ReplicaPlace&) = default;
};

// The roll of a cluster, as far as this node has followed it. etcd makes changes durable; this copy lets a node answer
// before it reaches etcd, and saves it the reading of everything.
//
// Threads  main until the writer runs, then the writer thread.
// Failure  Errc::store_busy, Errc::store_failed. Nothing of the call is stored then, and the next one works. A call that
//          failed must be made again, with the changes that came since: the place must not pass what is not stored.
class Replica {
 public:
  virtual ~Replica() = default;
  // Empty: the database is of a single node, or new. Its rows have the lowest index then.
  [[nodiscard]] virtual Result<std::optional<ReplicaPlace>> place() = 0;
  // Stores changes that have been followed, and the place after them, in one transaction. Changes in the order of their
  // indexes; none at all moves the place alone. A power failure may undo the last calls; they are followed again then.
  [[nodiscard]] virtual Result<void> store(std::span<const DurableChange> changes, const ReplicaPlace& place) = 0;
  // Drops the roll and its history: they are of a cluster that is no more. Before anything is restored.
  [[nodiscard]] virtual Result<void> clear() = 0;
};

// `own`: the database is the roll of a single node. `replica`: it follows the roll of a cluster, edits made in it are
// proposals to the cluster, and the journal stores nothing.
enum class StorageMode : std::uint8_t { own, replica };

class Storage {
 public:
  virtual ~Storage() = default;
  [[nodiscard]] virtual std::string name() const = 0;  // for messages: the file's path
  [[nodiscard]] virtual Journal& journal() = 0;
  [[nodiscard]] virtual StoredRoll& stored() = 0;
  [[nodiscard]] virtual Replica& replica() = 0;  // StorageMode::replica
  [[nodiscard]] virtual KeptSerials& serials() = 0;
  [[nodiscard]] virtual History& history() = 0;
  [[nodiscard]] virtual const IgnoredRows& ignored() const = 0;
  // The Writer object must outlive the result; the result must outlive the writer's thread.
  [[nodiscard]] virtual std::unique_ptr<OutsideEdits> watch_edits(Writer& writer) = 0;
  // No history reply is called after this returns. Main thread.
  virtual void close_history() = 0;
};

}  // namespace rollcall::registry
