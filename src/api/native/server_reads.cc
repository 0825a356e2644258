#include <string>
#include <utility>

#include "api/native/calls.h"
#include "api/problem.h"

namespace rollcall::api::native {
namespace {

constexpr std::string_view k_metrics_type = "text/plain; version=0.0.4; charset=utf-8";  // Prometheus exposition

Response json(std::string body) {
  Response response;
  response.body = std::move(body);
  return response;
}

}  // namespace

Routed read_status(const Call& call) { return json(call.server.status_json(*call.standing.grant)); }

Routed read_nodes(const Call& call) { return json(call.server.nodes_json()); }

Routed read_health(const Call&) { return json(R"({"status":"up"})"); }

Routed read_readiness(const Call& call) {
  std::string reason = call.server.unready_reason();
  if (!reason.empty()) return problem(Fault::not_ready, std::move(reason));
  return json(R"({"status":"ready"})");
}

Routed read_metrics(const Call& call) { return Response{200, k_metrics_type, call.server.metrics_text(), {}}; }

}  // namespace rollcall::api::native
