#include "api/consul/query.h"

#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

#include "api/consul/keys/calls.h"
#include "api/consul/keys/queries.h"
#include "base/ascii_case.h"
#include "json/writer.h"
#include "kv/query_definition.h"

namespace rollcall::api::consul {
namespace {

using kv::Topic;

std::string captured(const Call& call) {
  std::string room;
  return to_lower(decode(call.path.captures[0], room));
}

Response list(const std::vector<kv::QueryPtr>& queries, bool is_pretty) {
  json::Writer out(64 + 512 * queries.size());
  out.open_array();
  for (const kv::QueryPtr& query : queries) put_query(out, *query);
  return json(out.close_array().take(), is_pretty);
}

Response described(const kv::Outcome& outcome) {
  const kv::Refusal* const refusal = refusal_of_outcome(outcome);
  if (refusal == nullptr || refusal->why != kv::Why::unmet) return failed(outcome);
  return text(refusal->what == kv::k_query_not_found ? 404 : 400, refusal->what);
}

}  // namespace

Routed create_query(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  if (const auto zone = zone_of(call); !zone) return zone.error();
  Result<kv::Query> query = kv::parse_definition(call.request.body);
  if (!query) return text(400, query.error().message);
  query->id = draw_uuid();
  const std::string id = query->id;
  return change_store(call, kv::PutQuery{std::move(*query), true},
                      [id, is_pretty = is_pretty(call)](const kv::Outcome& outcome) {
                        if (done_of(outcome) == nullptr) return described(outcome);
                        json::Writer out;
                        return json(out.open_object().member("ID", id).close_object().take(), is_pretty);
                      });
}

Routed update_query(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  if (const auto zone = zone_of(call); !zone) return zone.error();
  Result<kv::Query> query = kv::parse_definition(call.request.body);
  if (!query) return text(400, query.error().message);
  query->id = captured(call);
  return change_store(call, kv::PutQuery{std::move(*query), false}, [](const kv::Outcome& outcome) {
    return done_of(outcome) != nullptr ? done() : described(outcome);
  });
}

Routed delete_query(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  if (const auto zone = zone_of(call); !zone) return zone.error();
  return change_store(call, kv::RemoveQuery{captured(call)}, [](const kv::Outcome& outcome) {
    return done_of(outcome) != nullptr ? done() : described(outcome);
  });
}

Routed list_queries(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  auto look = [is_pretty = is_pretty(call)](const kv::View& view) -> MakeLater {
    std::vector<kv::QueryPtr> all;
    for (const auto& [id, query] : view.tables().queries()) all.push_back(query);
    return [all = std::move(all), is_pretty] { return list(all, is_pretty); };
  };
  return answer_of(call, store_of(call), {{Topic::Kind::queries}, std::move(look)});
}

Routed read_query(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  auto look = [id = captured(call), is_pretty = is_pretty(call)](const kv::View& view) -> MakeLater {
    return [query = view.tables().find_query(id), is_pretty] {
      return query ? list({query}, is_pretty) : text(404, std::string(kv::k_query_not_found));
    };
  };
  return answer_of(call, store_of(call), {{Topic::Kind::queries}, std::move(look)});
}

Routed explain_query(const Call& call) {
  if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  const kv::QueryPtr query = find_query(call, captured(call));
  if (!query) return text(404, std::string(kv::k_query_not_found));
  json::Writer out(512);
  put_query(out.open_object().name("Query"), *query);
  return json(out.close_object().take(), is_pretty(call));
}

}  // namespace rollcall::api::consul
