#include "store/event_writer.h"

namespace rollcall::store {
namespace {

using namespace std::chrono_literals;

constexpr const char* k_put = R"sql(
INSERT INTO event (id, at_ms, zone, service, instance, event, cause, asked_by, detail, change_index)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?))sql";

constexpr const char* k_first = "SELECT at_ms FROM event ORDER BY id LIMIT 1";

// A portion, so that nobody waits long for it.
constexpr const char* k_forget_before =
    "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at_ms < ? ORDER BY id LIMIT 10000)";

constexpr auto k_look_at_age_every = 10s;

}  // namespace

EventWriter::EventWriter(SQLite::Database& connection, ZoneNames& zones, const HistoryLimits& limits)
    : zones_(zones),
      limits_(limits),
      put_(connection, k_put),
      forget_below_(connection, "DELETE FROM event WHERE id <= ?"),
      forget_before_(connection, k_forget_before),
      first_(connection, k_first) {}

void EventWriter::write(const std::vector<std::shared_ptr<const registry::Event>>& events) {
  if (events.empty() || limits_.rows == 0) return;
  // What would be deleted at once need not be written.
  const std::size_t skip = events.size() > limits_.rows ? events.size() - limits_.rows : 0;
  for (std::size_t i = skip; i < events.size(); ++i) put(*events[i]);
  forget(*events.back());
}

void EventWriter::put(const registry::Event& event) {
  kind_ = to_text(event.kind);
  cause_ = to_text(event.cause);
  put_.bind(1, static_cast<std::int64_t>(event.id));
  put_.bind(2, static_cast<std::int64_t>(event.at.time_since_epoch().count()));
  put_.bindNoCopy(3, zones_.text_of(event.key.service.zone));
  put_.bindNoCopy(4, event.key.service.name);
  put_.bindNoCopy(5, event.key.id);
  put_.bindNoCopy(6, kind_);
  put_.bindNoCopy(7, cause_);
  put_.bindNoCopy(8, event.by);
  put_.bindNoCopy(9, event.detail);
  put_.bind(10, static_cast<std::int64_t>(event.index));
  put_.exec();
  put_.reset();
}

void EventWriter::forget(const registry::Event& last) {
  const std::uint64_t slack = limits_.rows / 10;
  if (last.id > cut_below_ + limits_.rows + slack) {
    cut_below_ = last.id - limits_.rows;
    forget_below_.bind(1, static_cast<std::int64_t>(cut_below_));
    forget_below_.exec();
    forget_below_.reset();
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

void EventWriter::reset() noexcept {
  for (SQLite::Statement* statement : {&put_, &forget_below_, &forget_before_, &first_}) statement->tryReset();
}

}  // namespace rollcall::store
