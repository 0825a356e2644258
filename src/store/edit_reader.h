// Reads edits that other programs make in the tables while the server runs, and converts them to changes of the roll.
//
// Shape    when another program inserts, updates or deletes a row, the triggers of schema.cc write the row's key to the
//          table `edit`; such a row of `edit` is called a note. The reader looks at the current row, not at the
//          operation. A note is deleted when its row has been applied to the roll, or no longer exists. The notes that
//          remain belong to ignored rows (rows that break a rule). A restart loads those rows after the rows without a
//          note (registry/ports/ports.h, InstanceRecord::edit).
// Owner    the InstanceStore; destroy it before the connection.
// Threads  one at a time.
// Failure  SQLite's exceptions; the caller must then roll back its transaction.
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

// An instance row that another program has changed.
struct EditedRow {
  RowKey key;
  std::string name;                        // for messages: name_of_row
  std::optional<registry::Change> change;  // an Edit or a Deregister; empty: the row cannot be an instance
  std::string problem;                     // the reason, if `change` is empty
};

class EditReader {
 public:
  EditReader(SQLite::Database& connection, const registry::ZoneDirectory& zones);

  // Whether `take` would return anything. Cheap: reads one database page.
  [[nodiscard]] bool is_edited();

  // The number of the last note; zero: there is none, or its number is not reliable. A full read of the tables that
  // starts after this call includes the edits of all notes up to that number.
  [[nodiscard]] std::int64_t last();

  // Returns the ignored rows to check again and the rows of the next notes: at most `rows_max`, each row once. Deleted
  // rows come first, because an edit may move an id from a deleted row to another one. Call it in a transaction.
  [[nodiscard]] std::vector<EditedRow> take(std::size_t rows_max);

  // Report the result for a row, in a write transaction. `forget`: the row was applied to the roll or no longer exists;
  // deletes its notes. `keep`: the row is ignored; leaves it with exactly one note, and adds that if it had none.
  void forget(const RowKey& key);
  void keep(const RowKey& key);
  // How many notes about this row were read. `keep` reduces them to one.
  [[nodiscard]] std::size_t count_notes(const RowKey& key) const;
  [[nodiscard]] bool has_notes() const { return !notes_.empty(); }
  // Whether `forget` or `keep` was called for every row that `take` returned.
  [[nodiscard]] bool is_done() const { return taken_.empty(); }
  // The result for the rows that `take` returned comes later; a new note about one of them makes `take` return it again.
  void leave_open() { taken_.clear(); }

  // Makes the next `take` return the ignored rows again: all of them, or those of one service.
  void look_again();
  void look_again(const std::string& zone, const std::string& service);

  // Call it after a full read of the tables that covers the notes up to `last`: deletes these notes, except those about
  // `ignored` rows and about zones that are not served. In a write transaction.
  void begin_with(std::span<const RowKey> ignored, std::int64_t last);

  // Call it after a rollback: clears the state in memory, so that all notes are read again.
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

  // The notes that were read and still exist. SQLite numbers a new note as the highest existing number + 1, so
  // `read_up_to_` must never be above the highest existing number; otherwise the reader would miss the new note.
  std::map<RowKey, Numbers> notes_;
  std::set<std::pair<std::int64_t, RowKey>> again_;  // ignored rows to check again, in the order of their notes
  std::set<RowKey> taken_;                           // returned by `take`; neither `forget` nor `keep` was called yet
  std::int64_t read_up_to_ = 0;
};

}  // namespace rollcall::store
