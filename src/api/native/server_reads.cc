#include <string>
#include <utility>

#include "api/native/calls.h"
#include "api/problem.h"
#include "json/writer.h"

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

// Who asks, as this server sees it, and what that may do.
Routed read_rights(const Call& call) {
  const Principal& who = call.standing.principal;
  const Grant& grant = *call.standing.grant;
  json::Writer out;
  out.open_object().member("who", who.text()).name("kind");
  switch (who.kind) {
    case Principal::Kind::address: out.value("address"); break;
    case Principal::Kind::token: out.value("token"); break;
    case Principal::Kind::certificate: out.value("certificate"); break;
  }
  out.member("address", who.address.text()).member("right", to_text(grant.right)).name("zones").open_array();
  for (const registry::ZoneId zone : grant.zones.value_or(std::vector<registry::ZoneId>())) {
    out.value(call.zones.name_of(zone));
  }
  out.close_array().member("all_zones", !grant.zones).name("services").open_array();
  for (const std::string& pattern : grant.services) out.value(pattern);
  return json(out.close_array().member("no_lease", grant.no_lease).close_object().take());
}

Routed read_nodes(const Call& call) { return json(call.server.nodes_json()); }

Routed read_health(const Call&) { return json(R"({"status":"up"})"); }

Routed read_readiness(const Call& call) {
  std::string reason = call.server.unready_reason();
  if (!reason.empty()) return problem(Fault::not_ready, std::move(reason));
  return json(R"({"status":"ready"})");
}

Routed read_metrics(const Call& call) { return Response{200, k_metrics_type, call.server.metrics_text(), {}}; }

}  // namespace rollcall::api::native
