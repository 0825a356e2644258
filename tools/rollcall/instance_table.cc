#include "tools/rollcall/instance_table.h"

#include <fmt/format.h>

#include "tools/rollcall/fields.h"

namespace rollcall::cli {

std::string short_time(std::int64_t milliseconds) {
  constexpr std::int64_t k_minute = 60;
  constexpr std::int64_t k_hour = 60 * k_minute;
  const std::int64_t seconds = milliseconds / 1'000;
  if (seconds < k_minute) return fmt::format("{}.{}s", seconds, milliseconds % 1'000 / 100);
  if (seconds < k_hour) return fmt::format("{}m {}s", seconds / k_minute, seconds % k_minute);
  return fmt::format("{}h {}m", seconds / k_hour, seconds % k_hour / k_minute);
}

std::string painted_status(const Session& session, const boost::json::value& instance) {
  const std::string status = text_at(instance, "status");
  if (status == "ready") return session.paint(Color::green, status);
  return session.paint(status == "draining" ? Color::yellow : Color::red, status);
}

std::string lease_left_of(const boost::json::value& instance) {
  const boost::json::value* const left = find_field(instance, "expires_in_ms");
  return left == nullptr || left->is_null() ? "none" : short_time(number_at(instance, "expires_in_ms"));
}

Table instance_table() { return Table({"ID", "ADDRESS", "PORT", "STATUS", "LEASE", "PRIORITY", "WEIGHT", "TAGS"}); }

void add_instance(Table& table, const Session& session, const boost::json::value& instance) {
  table.add({text_at(instance, "id"), list_at(instance, "addresses"), text_at(instance, "port"),
             painted_status(session, instance), lease_left_of(instance), text_at(instance, "priority"),
             text_at(instance, "weight"), list_at(instance, "tags")});
}

}  // namespace rollcall::cli
