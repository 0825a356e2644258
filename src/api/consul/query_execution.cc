#include "api/consul/keys/queries.h"
#include "api/consul/query.h"
#include "api/consul/responses.h"
#include "kv/operation.h"

namespace rollcall::api::consul {

Routed execute_query(const Call& call) {
  static_cast<void>(call);
  return text(500, "prepared queries are not executed over HTTP yet: ask the DNS");
}

}  // namespace rollcall::api::consul
