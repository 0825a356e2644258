#include "store/edit_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/limits.h"

namespace rollcall::store {
namespace {

constexpr const char* k_editor = "the database";  // who asked, in the history

// Deleted by hand together with its instances, one of which has come back before anybody has noticed.
constexpr const char* k_put_back = R"sql(
INSERT INTO service (zone, name) SELECT ?1, ?2
  WHERE EXISTS (SELECT 1 FROM instance WHERE zone = ?1 AND service = ?2)
    AND NOT EXISTS (SELECT 1 FROM service WHERE zone = ?1 AND name = ?2))sql";

// None where somebody has put a number so high there that SQLite makes up the next ones: they would be below it.
constexpr const char* k_last = "SELECT iif(max(number) > ?, 0, ifnull(max(number), 0)) FROM edit";

std::string text_at(const SQLite::Statement& row, int column) { return row.getColumn(column).getString(); }

bool is_gone(const EditedRow& row) {
  return row.change && std::holds_alternative<registry::Deregister>(row.change->asked);
}

}  // namespace

EditReader::EditReader(SQLite::Database& connection, const registry::ZoneDirectory& zones)
    : directory_(zones),
      zones_(directory_),
      row_(connection, directory_),
      any_(connection, "SELECT 1 FROM edit LIMIT 1"),
      last_(connection, k_last),
      notes_(connection, "SELECT number, zone, service, id FROM edit ORDER BY number LIMIT ?"),
      forget_(connection, "DELETE FROM edit WHERE number <= ?"),
      put_back_(connection, k_put_back) {}

bool EditReader::is_edited() {
  any_.reset();
  const bool is_edited = any_.executeStep();
  any_.reset();
  return is_edited;
}

std::int64_t EditReader::last() {
  last_.reset();
  last_.bind(1, static_cast<std::int64_t>(limits::k_stored_number_max));
  last_.executeStep();
  const std::int64_t number = last_.getColumn(0).getInt64();
  last_.reset();
  return number;
}

std::vector<EditedRow> EditReader::take(std::size_t notes_max) {
  std::set<Note> seen;
  std::vector<EditedRow> rows;
  for (const Note& note : take_notes(notes_max)) {
    if (!seen.insert(note).second) continue;
    if (note.id.empty()) {
      put_back_service(note);
    } else {
      rows.push_back(read(note));
    }
  }
  std::ranges::stable_partition(rows, is_gone);
  return rows;
}

std::vector<EditReader::Note> EditReader::take_notes(std::size_t notes_max) {
  std::vector<Note> notes;
  std::int64_t last = 0;
  notes_.reset();
  notes_.bind(1, static_cast<std::int64_t>(notes_max));
  while (notes_.executeStep()) {
    last = notes_.getColumn(0).getInt64();
    notes.push_back({text_at(notes_, 1), text_at(notes_, 2), text_at(notes_, 3)});
  }
  notes_.reset();
  forget(last);
  return notes;
}

EditedRow EditReader::read(const Note& note) {
  EditedRow edited{name_of_row(note.zone, note.service, note.id), std::nullopt, {}};
  const std::optional<registry::ZoneId> zone = zones_.find(note.zone);
  if (!zone) {
    edited.problem = "no zone of this name is served";
    return edited;
  }
  registry::InstanceKey key{{*zone, note.service}, note.id};
  std::optional<Result<registry::InstanceRecord>> record = row_.read(*zone, note.zone, key);
  if (!record) {
    edited.change.emplace(registry::Deregister{std::move(key)}, k_editor);
  } else if (*record) {
    registry::InstanceRecord& row = **record;
    edited.change.emplace(registry::Edit{std::move(row.registration), std::move(row.standing)}, k_editor);
  } else {
    edited.problem = std::move(record->error().message);
  }
  return edited;
}

void EditReader::put_back_service(const Note& note) {
  put_back_.reset();
  put_back_.bind(1, note.zone);
  put_back_.bind(2, note.service);
  put_back_.exec();
  put_back_.reset();
}

void EditReader::forget(std::int64_t last) {
  forget_.reset();
  forget_.bind(1, last);
  forget_.exec();
  forget_.reset();
}

void EditReader::reset() noexcept {
  row_.reset();
  for (SQLite::Statement* statement : {&any_, &last_, &notes_, &forget_, &put_back_}) statement->tryReset();
}

}  // namespace rollcall::store
