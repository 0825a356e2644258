// The schemas that the operations and parameters name (components/schemas).
//
// Shape    requests are closed: what is not listed is refused. The fields of a registration come from the table that reads
//          them (fields.h), those of a health check likewise (health/check_json.h). Answers are open.
// Failure  a field that a reader knows and that has no schema is a failed check, which a unit test meets first.
#pragma once

#include <boost/json/object.hpp>

#include "registry/events/event.h"

namespace rollcall::api::native::openapi {

void put_values(boost::json::object& into);    // labels, ids, addresses …
void put_requests(boost::json::object& into);  // bodies
void put_answers(boost::json::object& into, registry::EventNumbers numbers);

}  // namespace rollcall::api::native::openapi
