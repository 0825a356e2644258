// Formats instances for the output of `list` and `show`.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "tools/rollcall/session.h"
#include "tools/rollcall/table.h"

namespace rollcall::cli {

[[nodiscard]] Table instance_table();
void add_instance(Table& table, const Session& session, const boost::json::value& instance);

// "ready" in green, "draining" in yellow, anything else in red.
[[nodiscard]] std::string painted_status(const Session& session, const boost::json::value& instance);
// "9.8s", "4m 59s".
[[nodiscard]] std::string short_time(std::int64_t milliseconds);
// The time left of the lease; "none" if the instance has no lease.
[[nodiscard]] std::string lease_left_of(const boost::json::value& instance);

}  // namespace rollcall::cli
