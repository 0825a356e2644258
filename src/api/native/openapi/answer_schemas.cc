#include <string_view>
#include <utility>

#include "api/native/openapi/schema.h"
#include "api/native/openapi/schemas.h"
#include "base/limits.h"

namespace rollcall::api::native::openapi {
namespace {

namespace json = boost::json;

Schema texts() { return list(text()); }
Schema event_id(registry::EventNumbers numbers) {
  return numbers == registry::EventNumbers::plain ? count() : pattern("^[0-9]+[.][0-9]+$");
}

// describe_lease
std::vector<Member> lease() {
  return {{"service", text()},
          {"zone", text()},
          {"id", text()},
          {"label", text()},
          {"status", named("Status")},
          {"ttl_ms", or_null(count())},
          {"expires_in_ms", or_null(count())},
          {"index", named("Index")}};
}

// A health check as it is kept: one that Consul's API has registered has more members.
Schema shown_check() {
  return object({{"type", text()},
                 optional("interval", named("Duration")),
                 optional("timeout", named("Duration")),
                 optional("rise", count()),
                 optional("fall", count()),
                 optional("address", text()),
                 optional("port", named("Port")),
                 optional("path", text()),
                 optional("host", text()),
                 optional("expect_status", list(any_of({integer(100, 599), text()}))),
                 optional("expect_body", text()),
                 optional("name", text()),
                 optional("qtype", text()),
                 optional("id", text())});
}

// describe_instance
Schema instance() {
  std::vector<Member> members = lease();
  std::vector<Member> more{{"address", or_null(text())},
                           {"addresses", texts()},
                           {"port", or_null(named("Port"))},
                           {"protocol", named("Protocol")},
                           {"priority", named("Number16")},
                           {"weight", named("Number16")},
                           {"tags", texts()},
                           {"meta", Schema{{"type", "object"}, {"additionalProperties", text()}}},
                           optional("checks", list(shown_check())),
                           optional("probe", shown_check()),
                           optional("evict_on_refusal", truth()),
                           optional("renew_on_probe", truth()),
                           optional("initial", one_text_of({"ready", "critical"})),
                           optional("rise", count()),
                           optional("fall", count()),
                           {"ttl", any_of({named("Duration"), constant("none")})},
                           {"registered_at", time()},
                           {"status_since", time()},
                           optional("registered", with_text(Schema{{"type", "object"}},
                                                            "Where a patch is in force: what the registration has.")),
                           optional("output", with_text(text(), "What its check said, of one that is critical."))};
  for (Member& member : more) members.push_back(std::move(member));
  return object(std::move(members));
}

Schema listed_service() {
  return object({{"service", text()}, {"zone", text()}, {"ready", count()}, {"total", count()}, {"tags", texts()}});
}

Schema event(registry::EventNumbers numbers) {
  return object(
      {{"event_id", event_id(numbers)},
       {"event", one_text_of({"registered", "updated", "draining", "critical", "ready", "deregistered", "expired"})},
       {"cause", text()},
       {"at", time()},
       {"zone", text()},
       {"service", text()},
       {"id", text()},
       optional("status", named("Status")),
       {"by", text()},
       {"detail", text()},
       {"index", named("Index")}});
}

Schema records(bool has_rule) {
  return list(object({{"name", text()},
                      {"type", text()},
                      {"ttl", count()},
                      {"data", text()},
                      {"rule", text(), has_rule},
                      optional("instances", texts())}));
}

// ops/explain_json.cc
Schema explanation() {
  return object({{"name", text()},
                 {"type", text()},
                 {"sentence", text()},
                 {"rcode", text()},
                 {"authoritative", truth()},
                 {"rule", text()},
                 optional("way", list(object({{"name", text()}, {"rule", text()}}))),
                 optional("zone", text()),
                 optional("service", text()),
                 {"answer", records(true)},
                 {"authority", records(false)},
                 {"additional", records(false)},
                 optional("ede", object({{"code", count()}, {"text", text()}})),
                 {"bytes", count()},
                 {"truncated", truth()},
                 {"truncated_over_udp", truth()},
                 {"instances", count()},
                 {"answered", count()},
                 {"left_out", list(object({{"id", text()},
                                           {"label", text()},
                                           {"status", named("Status")},
                                           {"reason", text()},
                                           optional("since", time()),
                                           {"detail", text()}}))},
                 optional("left_out_more", count())});
}

// ops/cluster_report.cc
Schema etcd() {
  return object({{"endpoint", text()},
                 {"version", or_null(text())},
                 {"database_bytes", or_null(count())},
                 {"quota_bytes", or_null(count())},
                 {"no_space", truth()},
                 {"error", or_null(text())},
                 {"warnings", texts()}});
}

Schema nodes() {
  return object({{"cluster", or_null(text())},
                 {"node", text()},
                 {"index", named("Index")},
                 {"nodes", list(object({{"node", text()},
                                        {"status", one_text_of({"member", "joining", "leaving", "gone"})},
                                        {"is_self", truth()},
                                        {"peers", or_null(text())},
                                        {"http", or_null(text())},
                                        {"version", or_null(text())},
                                        {"since", or_null(time())},
                                        {"hears", texts()},
                                        {"lag_ms", or_null(count())},
                                        {"applied_index", or_null(named("Index"))},
                                        {"session_ok", truth()},
                                        {"differs", texts()}}))},
                 {"etcd", or_null(named("Etcd"))}});
}

Schema cluster() {
  return object({{"name", text()},
                 {"node", text()},
                 {"member", truth()},
                 {"why_not", or_null(text())},
                 {"members", count()},
                 {"nodes", count()},
                 {"session_left_ms", {{"type", "integer"}}},
                 {"lag_ms", count()},
                 {"ends", object({{"waiting", count()}, {"why", or_null(text())}})},
                 {"stale_since", or_null(time())},
                 {"replica_behind", count()},
                 {"differs", texts()},
                 {"ignored_keys", object({{"count", count()}, {"sentences", texts()}})},
                 {"etcd", or_null(named("Etcd"))}});
}

// ops/report.cc
Schema status() {
  return object(
      {{"version", text()},
       {"uptime_ms", count()},
       {"ready", truth()},
       {"index", named("Index")},
       {"services", count()},
       {"instances", count()},
       {"expired", count()},
       {"mass_silence", truth()},
       {"paused_ms", count()},
       {"cluster", or_null(cluster())},
       {"follow", or_null(object({{"source", text()},
                                  {"in_step", truth()},
                                  {"services", count()},
                                  {"instances", count()},
                                  {"changes", count()},
                                  {"failures", count()},
                                  {"why_not", text()},
                                  {"left_out", texts()}}))},
       {"zones", list(object({{"name", text()}, {"serial", count()}, {"static_names", count()}}))},
       {"events", object({{"last", count()}, {"stored", count()}, {"watching", count()}, {"waiting", count()}})},
       {"listeners", object({{"dns", texts()}, {"http", texts()}, {"dns_tls", texts()}, {"https", texts()}})},
       {"ignored_rows", texts()}});
}

}  // namespace

void put_answers(json::object& into, registry::EventNumbers numbers) {
  into["Lease"] = object(lease());
  std::vector<Member> registered = lease();
  registered.push_back({"dns", object({{"address", text()}, {"srv", text()}, {"instance", text()}})});
  into["Registered"] = object(std::move(registered));
  into["Renewed"] = object(
      {{"renewed", count()}, {"unknown", list(object({{"service", text()}, {"zone", text()}, {"id", text()}}))}});
  into["Drain"] =
      object({{"status", named("Status")},
              {"safe", truth()},
              {"safe_in_ms", or_null(count())},
              optional("waiting_for", with_text(texts(), "Nodes of the cluster that have not said when."))});
  into["Instance"] = instance();
  into["Service"] = object(
      {{"service", text()}, {"zone", text()}, {"index", named("Index")}, {"instances", list(named("Instance"))}});
  into["ServiceList"] = object({{"services", list(listed_service())}});
  into["InstancePage"] =
      object({{"index", named("Index")}, {"instances", list(named("Instance"))}, {"next_cursor", or_null(text())}});
  into["EventId"] =
      pattern(numbers == registry::EventNumbers::plain ? "^[0-9]{1,18}$" : "^[0-9]{1,12}([.][0-9]{1,5})?$");
  into["Event"] = event(numbers);
  into["EventList"] = object({{"events", list(named("Event"))}});
  into["Stream"] = with_text(text(), "Server-sent events.");
  into["Explanation"] = explanation();
  into["Etcd"] = etcd();
  into["NodeList"] = nodes();
  into["ServerStatus"] = status();
  into["Rights"] = object({{"who", text()},
                           {"kind", one_text_of({"address", "token", "certificate"})},
                           {"address", text()},
                           {"right", one_text_of({"none", "read", "write", "admin"})},
                           {"zones", texts()},
                           {"all_zones", truth()},
                           {"services", texts()},
                           {"no_lease", truth()}});
  into["Up"] = object({{"status", constant("up")}});
  into["Ready"] = object({{"status", constant("ready")}});
  into["Document"] =
      with_text(Schema{{"type", "object"}, {"required", json::array{"openapi", "info", "paths"}}}, "OpenAPI 3.1.");
  into["Problem"] =
      with_text(object({{"type", pattern("^urn:rollcall:[a-z_]+$")},
                        {"title", text()},
                        {"status", integer(400, 599)},
                        {"detail", with_text(text(1), "A sentence that says what to change.")},
                        optional("field", with_text(text(), "Where the mistake is in one field or parameter."))}),
                "RFC 9457.");
}

}  // namespace rollcall::api::native::openapi
