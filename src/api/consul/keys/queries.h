// Prepared queries as the calls find and show them.
//
// Threads  any.
// Source   Consul's documentation of /v1/query.
#pragma once

#include <string_view>

#include "api/door.h"
#include "json/writer.h"
#include "kv/values.h"

namespace rollcall::api::consul {

// {"ID":…, …, "Service":{…}, "DNS":{…}, "CreateIndex":7, "ModifyIndex":7}
void put_query(json::Writer& out, const kv::Query& query);

// By id, else by name; both without regard to case. Null: there is none.
[[nodiscard]] kv::QueryPtr find_query(const Call& call, std::string_view folded);

}  // namespace rollcall::api::consul
