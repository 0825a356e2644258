#include "store/history_table.h"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/limits.h"
#include "store/database.h"
#include "store/wall_time.h"

namespace rollcall::store {
namespace {

// Events of a cluster have numbers far apart.
constexpr const char* k_count = "SELECT count(*) FROM event";

// Events of a single node are numbered without gaps, and `roll` has the last number. The server did not write rows with a
// higher number.
constexpr const char* k_size =
    "SELECT ifnull((SELECT max(id) FROM event WHERE id <= (SELECT event_id FROM roll))"
    " - (SELECT min(id) FROM event WHERE id > 0) + 1, 0)";

std::string text_at(const SQLite::Statement& row, int column) { return row.getColumn(column).getString(); }

// The server writes no negative numbers, but an operator may have edited the row.
std::uint64_t number_at(const SQLite::Statement& row, int column) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.getColumn(column).getInt64()));
}

std::string sql_of(const registry::HistoryQuery& query) {
  std::string sql =
      "SELECT id, at_ms, zone, service, instance, event, cause, asked_by, detail, change_index, before FROM event"
      " WHERE id > :after AND id <= (SELECT event_id FROM roll)";
  if (query.what.zone) sql += " AND zone = :zone";
  if (query.what.service) sql += " AND service = :service";
  if (query.id) sql += " AND instance = :instance";
  return sql + (query.after ? " ORDER BY id LIMIT :limit" : " ORDER BY id DESC LIMIT :limit");
}

std::optional<registry::Event> read_event(const SQLite::Statement& row, ZoneNames& zones) {
  const std::optional<registry::ZoneId> zone = zones.find(text_at(row, 2));
  const auto kind = registry::parse_event_kind(text_at(row, 5));
  const auto cause = registry::parse_cause(text_at(row, 6));
  if (!zone || !kind || !cause) return std::nullopt;
  return registry::Event{.id = number_at(row, 0),
                         .at = wall_time_of(row.getColumn(1).getInt64()),
                         .key = {{*zone, text_at(row, 3)}, text_at(row, 4)},
                         .kind = *kind,
                         .cause = *cause,
                         .by = text_at(row, 7),
                         .detail = text_at(row, 8),
                         .index = number_at(row, 9),
                         .before = text_at(row, 10).substr(0, limits::k_event_before_bytes_max)};
}

}  // namespace

HistoryTable::HistoryTable(const std::filesystem::path& path, const registry::ZoneDirectory& zones,
                           registry::StorageMode mode)
    : mode_(mode),
      connection_(std::filesystem::absolute(path).string(), SQLite::OPEN_READONLY,
                  static_cast<int>(k_busy_wait.count())),
      zones_(zones) {}

registry::HistoryPage HistoryTable::read(const registry::HistoryQuery& query) {
  SQLite::Transaction transaction(connection_);  // one snapshot for all statements
  registry::HistoryPage page;
  read_events(query, page);
  transaction.commit();
  return page;
}

void HistoryTable::read_events(const registry::HistoryQuery& query, registry::HistoryPage& into) {
  SQLite::Statement row(connection_, sql_of(query));
  row.bind(":after", static_cast<std::int64_t>(query.after.value_or(0)));
  row.bind(":limit", static_cast<std::int64_t>(query.limit));
  if (query.what.zone) row.bind(":zone", zones_.text_of(*query.what.zone));
  if (query.what.service) row.bind(":service", *query.what.service);
  if (query.id) row.bind(":instance", *query.id);
  std::uint32_t rows = 0;
  while (row.executeStep()) {
    ++rows;
    into.upto = number_at(row, 0);
    if (std::optional<registry::Event> event = read_event(row, zones_)) into.events.push_back(std::move(*event));
  }
  if (query.after) read_bounds(*query.after, query.limit - rows, into);
}

// Sets the page's bounds. `room`: how many more events would fit on the page; if 0, the page ends at its last event.
void HistoryTable::read_bounds(registry::EventId after, std::uint32_t room, registry::HistoryPage& into) {
  SQLite::Statement first(connection_,
                          "SELECT ifnull(min(id), 0) FROM event WHERE id > ? AND id <= (SELECT event_id FROM roll)");
  first.bind(1, static_cast<std::int64_t>(after));
  if (first.executeStep()) into.first = number_at(first, 0);
  SQLite::Statement oldest(connection_, "SELECT ifnull(min(id), 0) FROM event");
  if (oldest.executeStep()) into.oldest = number_at(oldest, 0);
  if (room == 0) return;
  SQLite::Statement last(connection_, "SELECT ifnull(max(id), 0) FROM event WHERE id <= (SELECT event_id FROM roll)");
  if (last.executeStep()) into.upto = std::max(after, number_at(last, 0));
}

std::uint64_t HistoryTable::size() {
  SQLite::Statement bounds(connection_, mode_ == registry::StorageMode::own ? k_size : k_count);
  return bounds.executeStep() ? number_at(bounds, 0) : 0;
}

}  // namespace rollcall::store
