// What others have changed in the tables while we run, as changes of the roll.
//
// Shape    the triggers of schema.cc note the key of each row that somebody else inserts, updates or deletes in `edit`; what
//          counts is the row as it is when it is read, not what was done to it.
// Owner    the InstanceStore; ends before the connection does.
// Threads  one at a time.
// Failure  SQLite's exceptions; the caller's transaction is to be rolled back then.
// Source   interface.md §2 ("rows an operator inserts, changes or deletes there are picked up within a second").
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/change.h"
#include "registry/ports.h"
#include "store/roll_reader.h"
#include "store/zone_names.h"

namespace rollcall::store {

// An instance somebody has changed.
struct EditedRow {
  std::string name;                        // what a sentence about it begins with: name_of_row
  std::optional<registry::Change> change;  // an Edit or a Deregister; empty: the row cannot be an instance
  std::string problem;                     // why not
};

class EditReader {
 public:
  EditReader(SQLite::Database& connection, const registry::ZoneDirectory& zones);

  // One page is read.
  [[nodiscard]] bool is_edited();

  // The number of the last note; zero: there is none, or none to be sure of. Whoever reads the tables after this knows
  // what the notes up to it are about.
  [[nodiscard]] std::int64_t last();

  // The rows of the first `notes_max` notes, each once, those that are gone first: an id may have moved from one to the
  // other. The notes are deleted. In a write transaction.
  [[nodiscard]] std::vector<EditedRow> take(std::size_t notes_max);

  // Deletes the notes up to this one, unread: whoever reads the whole tables knows it all.
  void forget(std::int64_t last);

  void reset() noexcept;

 private:
  struct Note {
    std::string zone;
    std::string service;
    std::string id;  // empty: the service itself was deleted
    friend auto operator<=>(const Note&, const Note&) = default;
  };

  std::vector<Note> take_notes(std::size_t notes_max);
  EditedRow read(const Note& note);
  void put_back_service(const Note& note);

  const registry::ZoneDirectory& directory_;
  ZoneNames zones_;
  InstanceRow row_;
  SQLite::Statement any_;
  SQLite::Statement last_;
  SQLite::Statement notes_;
  SQLite::Statement forget_;
  SQLite::Statement put_back_;
};

}  // namespace rollcall::store
