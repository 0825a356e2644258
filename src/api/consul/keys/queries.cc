#include "api/consul/keys/queries.h"

#include "api/consul/keys/calls.h"
#include "base/ascii_case.h"

namespace rollcall::api::consul {

// The definition is a JSON object of its own, whose members follow the id.
void put_query(json::Writer& out, const kv::Query& query) {
  json::Writer members(64);
  members.open_object().member("ID", query.id).member("CreateIndex", query.create_index);
  members.member("ModifyIndex", query.modify_index).close_object();
  std::string whole = members.take();
  whole.pop_back();
  const std::string_view definition = query.definition;
  out.raw(whole.append(1, ',').append(definition.substr(1)));
}

kv::QueryPtr find_query(const Call& call, std::string_view folded) {
  const kv::KeyValues* const store = store_of(call);
  if (store == nullptr) return nullptr;
  return store->read([&](const kv::View& view) -> kv::QueryPtr {
    if (kv::QueryPtr by_id = view.tables().find_query(folded)) return by_id;
    for (const auto& [id, query] : view.tables().queries()) {
      if (to_lower(query->name) == folded) return query;
    }
    return nullptr;
  });
}

}  // namespace rollcall::api::consul
