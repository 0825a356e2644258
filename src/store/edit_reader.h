// What others have changed in the tables while we run, as changes of the roll.
//
// Shape    the triggers of schema.cc note the key of each row that somebody else inserts, updates or deletes in `edit`; what
//          counts is the row as it is when it is read, not what was done to it. A note stays until its row is on the
//          roll as it stands, or is gone: those that stay are of rows that are ignored, and after a restart they come
//          after the rows without a note (registry/ports/ports.h, InstanceRecord::edit).
// Owner    the InstanceStore; ends before the connection does.
// Threads  one at a time.
// Failure  SQLite's exceptions; the caller's transaction is to be rolled back then.
// Source   interface.md §2 ("rows an operator inserts, changes or deletes there are picked up within a second").
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "registry/instance/change.h"
#include "registry/ports/ports.h"
#include "store/roll_reader.h"
#include "store/row_key.h"
#include "store/zone_names.h"

namespace rollcall::store {

// An instance somebody has changed.
struct EditedRow {
  RowKey key;
  std::string name;                        // what a sentence about it begins with: name_of_row
  std::optional<registry::Change> change;  // an Edit or a Deregister; empty: the row cannot be an instance
  std::string problem;                     // why not
};

class EditReader {
 public:
  EditReader(SQLite::Database& connection, const registry::ZoneDirectory& zones);

  // Whether there is something to take. One page is read.
  [[nodiscard]] bool is_edited();

  // The number of the last note; zero: there is none, or none to be sure of. Whoever reads the tables after this knows
  // what the notes up to it are about.
  [[nodiscard]] std::int64_t last();

  // The rows to look at again and those of the next notes, at most `rows_max` notes, each row once, those that are gone
  // first: an id may have moved from one to the other. In a transaction.
  [[nodiscard]] std::vector<EditedRow> take(std::size_t rows_max);

  // What has become of a row that was taken or noted, in a write transaction: it is on the roll as it stands, or gone; or
  // it is ignored, and noted if it was not.
  void forget(const RowKey& key);
  void keep(const RowKey& key);
  // How many notes of it were read; more than one only until it is kept.
  [[nodiscard]] std::size_t count_notes(const RowKey& key) const;
  [[nodiscard]] bool has_notes() const { return !notes_.empty(); }
  // Whether each row that was taken is forgotten or kept.
  [[nodiscard]] bool is_done() const { return taken_.empty(); }

  // The next `take` reads the ignored rows again: all, or those of one service.
  void look_again();
  void look_again(const std::string& zone, const std::string& service);

  // After the whole tables were read, up to the note `last`: these rows are ignored, all others need no note. In a write
  // transaction.
  void begin_with(std::span<const RowKey> ignored, std::int64_t last);

  // After a transaction that was rolled back: nothing is known, and all notes are read again.
  void start_over() noexcept;

  void reset() noexcept;

 private:
  using Numbers = std::vector<std::int64_t>;

  void take_notes(std::size_t notes_max, std::vector<RowKey>& keys);
  EditedRow read(const RowKey& key);
  void put_back_service(const RowKey& key);
  void remove_note(std::int64_t number);
  [[nodiscard]] std::vector<RowKey> notes_of_zones_not_served(std::int64_t last);

  const registry::ZoneDirectory& directory_;
  ZoneNames zones_;
  InstanceRow row_;
  SQLite::Statement any_;
  SQLite::Statement last_;
  SQLite::Statement next_;
  SQLite::Statement remove_;
  SQLite::Statement remove_up_to_;
  SQLite::Statement add_;
  SQLite::Statement put_back_;

  // The notes that were read and are still there. SQLite gives the next note the number behind the highest that is there,
  // so `read_up_to_` is never above that one.
  std::map<RowKey, Numbers> notes_;
  std::set<std::pair<std::int64_t, RowKey>> again_;  // in the order of their notes
  std::set<RowKey> taken_;                           // and neither forgotten nor kept yet
  std::int64_t read_up_to_ = 0;
};

}  // namespace rollcall::store
