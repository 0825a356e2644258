#include "store/event_writer.h"

#include <algorithm>

namespace rollcall::store {
namespace {

using namespace std::chrono_literals;

// REPLACE, not INSERT: a row that an operator inserted under the next event's number must not make the write fail.
constexpr const char* k_put = R"sql(
REPLACE INTO event (id, at_ms, zone, service, instance, event, cause, asked_by, detail, change_index, before)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))sql";

// The oldest time among the first 100 rows, not of the first row alone: a row edited by hand may have any time.
constexpr const char* k_first = "SELECT min(at_ms) FROM (SELECT at_ms FROM event ORDER BY id LIMIT 100)";

// Deletes in batches, so that the transaction stays short.
constexpr const char* k_forget_before =
    "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at_ms < ? ORDER BY id LIMIT 10000)";

// The id of the row that has exactly OFFSET newer rows.
constexpr const char* k_nth = "SELECT id FROM event WHERE id <= ? ORDER BY id DESC LIMIT 1 OFFSET ?";

// Up to this row limit, rows are counted exactly, because event numbers may have gaps. With a higher limit the gaps do
// not matter, and the event numbers alone decide.
constexpr std::uint64_t k_counted_rows_max = 1'000'000;

constexpr auto k_look_at_age_every = 10s;

}  // namespace

EventWriter::EventWriter(SQLite::Database& connection, ZoneNames& zones, const HistoryLimits& limits, bool has_gaps)
    : zones_(zones),
      limits_(limits),
      has_gaps_(has_gaps),
      put_(connection, k_put),
      forget_below_(connection, "DELETE FROM event WHERE id <= ?"),
      forget_before_(connection, k_forget_before),
      forget_restored_(connection, "DELETE FROM event WHERE cause = ? AND id < ?"),
      nth_(connection, k_nth),
      first_(connection, k_first),
      count_(connection, "SELECT count(*) FROM event") {}

void EventWriter::write(const std::vector<std::shared_ptr<registry::Event>>& events) {
  if (events.empty() || limits_.rows == 0) return;
  // Do not write events that the row limit would delete at once.
  const std::size_t over = events.size() > limits_.rows ? events.size() - limits_.rows : 0;
  const std::size_t skip = std::max(over, make_room_for_a_start(events));
  for (std::size_t i = skip; i < events.size(); ++i) put(*events[i]);
  forget(*events.back());
}

// Handles the events of a server start (Cause::restored), which come first in their transaction: deletes those of
// earlier starts. Returns how many of `events` to skip.
std::size_t EventWriter::make_room_for_a_start(const std::vector<std::shared_ptr<registry::Event>>& events) {
  const auto is_told = [](const auto& event) { return event->cause == registry::Cause::restored; };
  const auto end = std::ranges::find_if_not(events, is_told);
  const auto count = static_cast<std::size_t>(end - events.begin());
  if (count == 0) return 0;
  forget_restored_.bind(1, std::string(to_text(registry::Cause::restored)));
  forget_restored_.bind(2, static_cast<std::int64_t>(events.front()->id));
  forget_restored_.exec();
  forget_restored_.reset();
  return count > limits_.rows / 10 ? count : 0;
}

void EventWriter::put(const registry::Event& event) {
  put_.bind(1, static_cast<std::int64_t>(event.id));
  put_.bind(2, static_cast<std::int64_t>(event.at.time_since_epoch().count()));
  zone_.bind(zones_.text_of(event.key.service.zone));
  put_.bindNoCopy(4, event.key.service.name);
  put_.bindNoCopy(5, event.key.id);
  kind_.bind(to_text(event.kind));
  cause_.bind(to_text(event.cause));
  by_.bind(event.by);
  detail_.bind(event.detail);
  put_.bind(10, static_cast<std::int64_t>(event.index));
  if (event.before.empty()) {
    put_.bind(11);
  } else {
    put_.bindNoCopy(11, event.before);
  }
  put_.exec();
  put_.reset();
  if (rows_) ++*rows_;
}

void EventWriter::forget(const registry::Event& last) {
  if (has_gaps_) {
    forget_by_count(last.id);
  } else {
    forget_by_number(last.id);
  }
  const auto now = std::chrono::steady_clock::now();
  if (now < look_at_age_at_) return;
  look_at_age_at_ = now + k_look_at_age_every;
  const std::int64_t oldest = (last.at - limits_.age).time_since_epoch().count();
  const bool is_over = first_.executeStep() && first_.getColumn(0).getInt64() < oldest;
  first_.reset();
  if (!is_over) return;
  forget_before_.bind(1, oldest);
  forget_before_.exec();
  forget_before_.reset();
}

void EventWriter::forget_by_number(registry::EventId last) {
  if (last <= cut_below_ + limits_.rows + limits_.rows / 10) return;
  cut_below_ = last - limits_.rows;
  forget_up_to(limits_.rows > k_counted_rows_max ? cut_below_ : first_to_go(last));
}

// Counting reads the whole table, so it is done when the row limit may be exceeded, and not before.
void EventWriter::forget_by_count(registry::EventId last) {
  const std::uint64_t rows_max = limits_.rows + limits_.rows / 10;
  if (rows_ && *rows_ <= rows_max) return;
  rows_ = count();
  if (*rows_ <= rows_max) return;
  forget_up_to(first_to_go(last));
  rows_ = limits_.rows;
}

void EventWriter::forget_up_to(registry::EventId id) {
  forget_below_.bind(1, static_cast<std::int64_t>(id));
  forget_below_.exec();
  forget_below_.reset();
}

std::uint64_t EventWriter::count() {
  const auto rows = count_.executeStep() ? static_cast<std::uint64_t>(count_.getColumn(0).getInt64()) : 0;
  count_.reset();
  return rows;
}

// The id of the newest row beyond the row limit; 0: none. Counts existing rows only, not gaps in the numbers.
registry::EventId EventWriter::first_to_go(registry::EventId last) {
  nth_.bind(1, static_cast<std::int64_t>(last));
  nth_.bind(2, static_cast<std::int64_t>(limits_.rows));
  const registry::EventId found =
      nth_.executeStep() ? static_cast<registry::EventId>(std::max<std::int64_t>(0, nth_.getColumn(0).getInt64())) : 0;
  nth_.reset();
  return found;
}

void EventWriter::reset() noexcept {
  for (SQLite::Statement* statement :
       {&put_, &forget_below_, &forget_before_, &forget_restored_, &nth_, &first_, &count_}) {
    statement->tryReset();
  }
}

}  // namespace rollcall::store
