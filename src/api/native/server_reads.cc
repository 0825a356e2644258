#include <string>
#include <utility>

#include "api/native/calls.h"
#include "api/problem.h"
#include "base/ascii_case.h"
#include "base/limits.h"
#include "json/writer.h"

namespace rollcall::api::native {
namespace {

constexpr std::string_view k_metrics_type = "text/plain; version=0.0.4; charset=utf-8";  // Prometheus exposition

struct Link {
  std::string_view path;
  std::string_view what;
};
constexpr Link k_links[] = {{"/v1/services", "the services, and how many instances each has"},
                            {"/v1/events?limit=50", "what has happened last"},
                            {"/v1/status", "version, zones, counts, listeners"},
                            {"/v1/nodes", "the nodes of the cluster"},
                            {"/v1/openapi.json", "this API, as OpenAPI 3.1"},
                            {"/metrics", "figures for Prometheus"},
                            {"/healthz", "whether the process is up"},
                            {"/readyz", "whether it can register and answer"}};
constexpr std::string_view k_about =
    "Rollcall: a DNS server whose zone is the services that are alive right now. This is its HTTP API.";

// RFC 9110 §12.5.1. A page for browsers, which name this type; everybody else reads text.
bool wants_html(const Request& request) {
  return to_lower(request.header("Accept")).find("text/html") != std::string::npos;
}

std::string front_page_html() {
  std::string page =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Rollcall</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width\"></head>\n<body><h1>Rollcall</h1>\n";
  page.append("<p>").append(k_about).append("</p>\n<ul>\n");
  for (const Link& link : k_links) {
    page.append("<li><a href=\"").append(link.path).append("\">").append(link.path).append("</a>: ");
    page.append(link.what).append("</li>\n");
  }
  return page.append("</ul></body></html>\n");
}

std::string front_page_text() {
  std::string page(k_about);
  page += "\n\n";
  for (const Link& link : k_links) {
    page.append("  ").append(link.path).append(link.path.size() < 22 ? 22 - link.path.size() : 1, ' ');
    page.append(link.what).append("\n");
  }
  return page;
}

Response json(std::string body) {
  Response response;
  response.body = std::move(body);
  return response;
}

}  // namespace

Routed read_front_page(const Call& call) {
  const bool is_html = wants_html(call.request);
  Response page{200,
                is_html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
                is_html ? front_page_html() : front_page_text(),
                {}};
  page.headers.emplace_back("Vary", "Accept");
  page.headers.emplace_back("Content-Security-Policy", "default-src 'none'");
  page.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return page;
}

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

Routed read_document(const Call& call) {
  return json(static_cast<const NativeDoor&>(call.door).document(call.registry.event_numbers()));
}

Routed read_health(const Call&) { return json(R"({"status":"up"})"); }

Routed read_readiness(const Call& call) {
  std::string reason = call.server.unready_reason();
  if (!reason.empty()) return problem(Fault::not_ready, std::move(reason));
  return json(R"({"status":"ready"})");
}

// Every instance is looked at.
Routed read_metrics(const Call& call) {
  const auto show = [&server = call.server, grant = *call.standing.grant](registry::LeaseTime) {
    return Response{200, k_metrics_type, server.metrics_text(grant), {}};
  };
  if (call.registry.counts().instances > limits::k_http_list_at_once_max) return LongAnswer{show};
  return show(call.now);
}

}  // namespace rollcall::api::native
