// Instances as `list` and `show` print them.
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
// "9.8s", "4m 59s": what is left of a lease.
[[nodiscard]] std::string short_time(std::int64_t milliseconds);

}  // namespace rollcall::cli
