// What a room that keeps the roll offers, port by port. rollcalld.cc opens one, and hands its parts to those who need them.
//
// Owner    whoever opens it; it outlives everybody who has one of its parts.
// Threads  as each part says.
// Source   docs/architecture.md, "The ports".
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "registry/events/history.h"
#include "registry/ports/journal.h"
#include "registry/ports/ports.h"

namespace rollcall::registry {

class Writer;

// The roll as an earlier process has left it.
//
// Threads  the main thread's, before the writer runs.
// Failure  of `restore`: some parts may have been taken.
class StoredRoll {
 public:
  // Takes a part of the roll, and returns whom it does not take.
  using TakeRestored = std::function<std::vector<Refused>(Restored)>;
  // What could not be read, because somebody has edited it, and what was not taken: it is left where it is.
  struct LeftOut {
    std::size_t count = 0;
    std::vector<std::string> sentences;  // of the first of them
  };

  virtual ~StoredRoll() = default;
  // In parts: each service with all its instances in one of them, and at least one part. `take` is called on this thread.
  [[nodiscard]] virtual Result<void> restore(const TakeRestored& take) = 0;
  // By the last `restore`.
  [[nodiscard]] virtual LeftOut left_out() const = 0;
};

// The serials that secondaries have been shown. One thread at a time: main until the writer runs, then the writer's.
class KeptSerials {
 public:
  virtual ~KeptSerials() = default;
  [[nodiscard]] virtual Result<std::vector<KeptSerial>> kept_serials() = 0;
  [[nodiscard]] virtual Result<void> keep_serials(std::span<const KeptSerial> serials) = 0;
};

// What is stored and not on the roll, because it breaks a rule: until it is mended, deleted, or overwritten. Any thread.
class IgnoredRows {
 public:
  virtual ~IgnoredRows() = default;
  [[nodiscard]] virtual std::size_t count() const noexcept = 0;
  // A sentence for each, at most `count_max`.
  [[nodiscard]] virtual std::vector<std::string> sentences(std::size_t count_max) const = 0;
};

// What other programs change where the roll is kept, while the server runs: it comes onto the roll by the rules of a
// registration, through the writer, within a second.
//
// Failure  what cannot be read or written now is tried again; said once in the log.
class OutsideEdits {
 public:
  virtual ~OutsideEdits() = default;
  // From now on, until it ends. Any thread.
  virtual void start() = 0;
  // Ignored rows are looked at again: what was in their way may have gone. The writer's thread.
  virtual void look_again() = 0;
};

class Storage {
 public:
  virtual ~Storage() = default;
  [[nodiscard]] virtual std::string name() const = 0;  // for people: the file
  [[nodiscard]] virtual Journal& journal() = 0;
  [[nodiscard]] virtual StoredRoll& stored() = 0;
  [[nodiscard]] virtual KeptSerials& serials() = 0;
  [[nodiscard]] virtual History& history() = 0;
  [[nodiscard]] virtual const IgnoredRows& ignored() const = 0;
  // The writer outlives what is returned, which outlives the writer's thread.
  [[nodiscard]] virtual std::unique_ptr<OutsideEdits> watch_edits(Writer& writer) = 0;
  // No reply of the history is called after this. The main thread's.
  virtual void close_history() = 0;
};

}  // namespace rollcall::registry
