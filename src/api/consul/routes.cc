#include "api/consul/routes.h"

#include <vector>

#include "api/consul/agent/calls.h"
#include "api/consul/catalog.h"
#include "api/consul/health.h"
#include "api/consul/kv.h"
#include "api/consul/query.h"
#include "api/consul/session.h"
#include "api/consul/status.h"
#include "api/consul/txn.h"

namespace rollcall::api::consul {
namespace {

std::vector<Route> join(std::initializer_list<std::span<const Route>> tables) {
  std::vector<Route> all;
  for (const std::span<const Route> table : tables) all.insert(all.end(), table.begin(), table.end());
  return all;
}

}  // namespace

// The most frequent calls come first.
std::span<const Route> all_routes() {
  static const std::vector<Route> routes = join({k_agent_routes, k_health_routes, k_catalog_routes, k_kv_routes,
                                                 k_session_routes, k_status_routes, k_txn_routes, k_query_routes});
  return routes;
}

}  // namespace rollcall::api::consul
