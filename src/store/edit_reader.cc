#include "store/edit_reader.h"

#include <algorithm>

#include "base/limits.h"

namespace rollcall::store {
namespace {

constexpr const char* k_editor = "the database";  // the history shows this as the author of the change

// Restores the row of a service that an operator has deleted, if the service has an instance again.
constexpr const char* k_put_back = R"sql(
INSERT INTO service (zone, name) SELECT ?1, ?2
  WHERE EXISTS (SELECT 1 FROM instance WHERE zone = ?1 AND service = ?2)
    AND NOT EXISTS (SELECT 1 FROM service WHERE zone = ?1 AND name = ?2))sql";

// The number of the last note. 0 if a row inserted by hand has a number so high that SQLite would choose lower random
// numbers for the next rows.
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
      any_(connection, "SELECT 1 FROM edit WHERE number > ? LIMIT 1"),
      last_(connection, k_last),
      next_(connection, "SELECT number, zone, service, id FROM edit WHERE number > ? ORDER BY number LIMIT ?"),
      remove_(connection, "DELETE FROM edit WHERE number = ?"),
      remove_up_to_(connection, "DELETE FROM edit WHERE number <= ?"),
      add_(connection, "INSERT INTO edit (zone, service, id) VALUES (?, ?, ?) RETURNING number"),
      put_back_(connection, k_put_back) {}

bool EditReader::is_edited() {
  if (!again_.empty()) return true;
  any_.reset();
  any_.bind(1, read_up_to_);
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

std::vector<EditedRow> EditReader::take(std::size_t rows_max) {
  std::vector<RowKey> keys;
  while (!again_.empty() && keys.size() < rows_max)
    keys.push_back(std::move(again_.extract(again_.begin()).value().second));
  take_notes(rows_max - keys.size(), keys);
  std::vector<EditedRow> rows;
  for (const RowKey& key : keys) {
    if (!taken_.insert(key).second) continue;
    if (key.id.empty()) {
      put_back_service(key);
      forget(key);
    } else {
      rows.push_back(read(key));
    }
  }
  std::ranges::stable_partition(rows, is_gone);
  return rows;
}

void EditReader::take_notes(std::size_t notes_max, std::vector<RowKey>& keys) {
  next_.reset();
  next_.bind(1, read_up_to_);
  next_.bind(2, static_cast<std::int64_t>(notes_max));
  std::vector<std::pair<std::int64_t, RowKey>> misnumbered;
  while (next_.executeStep()) {
    const std::int64_t number = next_.getColumn(0).getInt64();
    RowKey key{text_at(next_, 1), text_at(next_, 2), text_at(next_, 3)};
    if (number > static_cast<std::int64_t>(limits::k_stored_number_max)) {
      misnumbered.emplace_back(number, key);
    } else {
      read_up_to_ = number;
      Numbers& numbers = notes_[key];
      if (std::ranges::find(numbers, number) == numbers.end()) numbers.push_back(number);
    }
    keys.push_back(std::move(key));
  }
  next_.reset();
  // Rows that an operator inserted with a too high number. Renumber them: SQLite cannot number new notes above them.
  for (const auto& [number, key] : misnumbered) {
    remove_note(number);
    std::erase(notes_[key], number);
  }
  for (const auto& [number, key] : misnumbered) keep(key);
}

EditedRow EditReader::read(const RowKey& key) {
  EditedRow edited{key, name_of_row(key), std::nullopt, {}};
  const std::optional<registry::ZoneId> zone = zones_.find(key.zone);
  if (!zone) {
    edited.problem = "no zone of this name is served";
    return edited;
  }
  registry::InstanceKey instance{{*zone, key.service}, key.id};
  std::optional<Result<registry::InstanceRecord>> record = row_.read(*zone, key.zone, instance);
  if (!record) {
    edited.change.emplace(registry::Deregister{std::move(instance)}, k_editor);
  } else if (*record) {
    registry::InstanceRecord& row = **record;
    edited.change.emplace(registry::Edit{std::move(row.registration), std::move(row.standing)}, k_editor);
  } else {
    edited.problem = std::move(record->error().message);
  }
  return edited;
}

void EditReader::put_back_service(const RowKey& key) {
  put_back_.reset();
  put_back_.bind(1, key.zone);
  put_back_.bind(2, key.service);
  put_back_.exec();
  put_back_.reset();
}

std::size_t EditReader::count_notes(const RowKey& key) const {
  const auto known = notes_.find(key);
  return known == notes_.end() ? 0 : known->second.size();
}

void EditReader::forget(const RowKey& key) {
  taken_.erase(key);
  const auto known = notes_.find(key);
  if (known == notes_.end()) return;
  for (const std::int64_t number : known->second) {
    again_.erase({number, key});
    remove_note(number);
  }
  notes_.erase(known);
  read_up_to_ = std::min(read_up_to_, last());
}

void EditReader::keep(const RowKey& key) {
  taken_.erase(key);
  Numbers& numbers = notes_[key];
  if (numbers.empty()) {
    const std::int64_t before = last();
    add_.reset();
    add_.bind(1, key.zone);
    add_.bind(2, key.service);
    add_.bind(3, key.id);
    add_.executeStep();
    numbers.push_back(add_.getColumn(0).getInt64());
    add_.reset();
    if (read_up_to_ == before) read_up_to_ = numbers.front();  // else other new notes precede it, and it is read again
    return;
  }
  for (std::size_t i = 1; i < numbers.size(); ++i) remove_note(numbers[i]);
  if (numbers.size() == 1) return;
  numbers.resize(1);
  read_up_to_ = std::min(read_up_to_, last());
}

void EditReader::remove_note(std::int64_t number) {
  remove_.reset();
  remove_.bind(1, number);
  remove_.exec();
  remove_.reset();
}

void EditReader::look_again() {
  for (const auto& [key, numbers] : notes_) again_.emplace(numbers.front(), key);
}

void EditReader::look_again(const std::string& zone, const std::string& service) {
  for (auto at = notes_.lower_bound({zone, service, {}}); at != notes_.end(); ++at) {
    if (at->first.zone != zone || at->first.service != service) break;
    again_.emplace(at->second.front(), at->first);
  }
}

std::vector<RowKey> EditReader::notes_of_zones_not_served(std::int64_t last) {
  std::vector<RowKey> keys;
  next_.reset();
  next_.bind(1, std::int64_t{0});
  next_.bind(2, std::int64_t{-1});  // all
  while (next_.executeStep() && next_.getColumn(0).getInt64() <= last) {
    if (zones_.find(text_at(next_, 1))) continue;
    keys.push_back({text_at(next_, 1), text_at(next_, 2), text_at(next_, 3)});
  }
  next_.reset();
  return keys;
}

void EditReader::begin_with(std::span<const RowKey> ignored, std::int64_t last) {
  start_over();
  const std::vector<RowKey> elsewhere = notes_of_zones_not_served(last);
  remove_up_to_.reset();
  remove_up_to_.bind(1, last);
  remove_up_to_.exec();
  remove_up_to_.reset();
  for (const RowKey& key : ignored) keep(key);
  for (const RowKey& key : elsewhere) keep(key);
  for (const RowKey& key : elsewhere) again_.emplace(notes_.at(key).front(), key);
}

void EditReader::start_over() noexcept {
  notes_.clear();
  again_.clear();
  taken_.clear();
  read_up_to_ = 0;
}

void EditReader::reset() noexcept {
  row_.reset();
  for (SQLite::Statement* statement : {&any_, &last_, &next_, &remove_, &remove_up_to_, &add_, &put_back_}) {
    statement->tryReset();
  }
}

}  // namespace rollcall::store
