#include "api/consul/query.h"
#include "api/consul/responses.h"

namespace rollcall::api::consul {

Routed list_nothing(const Call& call) {
  Response response = json("[]", is_pretty(call));
  response.headers.emplace_back("X-Consul-Index", "1");  // clients expect one with every read
  return response;
}

}  // namespace rollcall::api::consul
