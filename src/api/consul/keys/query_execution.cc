#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "api/consul/describe.h"
#include "api/consul/door.h"
#include "api/consul/keys/calls.h"
#include "api/consul/keys/queries.h"
#include "api/consul/query.h"
#include "api/consul/responses.h"
#include "base/ascii_case.h"
#include "consul/go_duration.h"
#include "consul/seen.h"
#include "json/writer.h"
#include "kv/operation.h"

namespace rollcall::api::consul {
namespace {

using rollcall::consul::PreparedQuery;
using rollcall::consul::Seen;
using Pairs = std::vector<std::pair<std::string, std::string>>;

bool has_tag(const Seen& seen, std::string_view tag) {
  return std::ranges::any_of(seen.tags, [&](const std::string& own) { return equal_but_for_case(own, tag); });
}

template <class Map>
bool has_all(const Map& meta, const Pairs& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& pair) {
    return std::ranges::any_of(meta,
                               [&](const auto& own) { return own.first == pair.first && own.second == pair.second; });
  });
}

// Critical instances are never in; those with a warning where the query does not ask for passing ones.
bool fits(const PreparedQuery& asked, const registry::Instance& instance, const Seen& seen) {
  const health::CheckStatus status = rollcall::consul::worst_of(seen.checks);
  if (status == health::CheckStatus::critical) return false;
  if (asked.only_passing && status != health::CheckStatus::passing) return false;
  for (const std::string& tag : asked.tags) {
    const bool is_wanted = !tag.starts_with('!');
    if (has_tag(seen, std::string_view(tag).substr(is_wanted ? 0 : 1)) != is_wanted) return false;
  }
  if (!has_all(instance.meta(), asked.service_meta)) return false;
  if (asked.node_meta.empty()) return true;
  return seen.attributes.node && has_all(seen.attributes.node->meta, asked.node_meta);
}

// The rows of one datacenter, at most `limit`; their number.
std::size_t put_rows(json::Writer& out, const Call& call, const PreparedQuery& asked, registry::ZoneId zone,
                     std::size_t limit) {
  const std::string name = to_lower(asked.service);
  const registry::Service* const service = call.registry.find_service({zone, name});
  std::size_t count = 0;
  if (service == nullptr) return count;
  for (const registry::Instance* instance : service->instances) {
    if (count == limit) break;
    if (!instance->is_there(call.now)) continue;
    const Seen seen = rollcall::consul::see(*instance, call.now);
    if (!fits(asked, *instance, seen)) continue;
    put_health_entry(out, {*instance, seen, parts_of(call).identity});
    ++count;
  }
  return count;
}

std::optional<std::size_t> read_limit(const Call& call) {
  const std::string* const given = call.query.find("limit");
  if (given == nullptr || given->empty()) return SIZE_MAX;
  std::size_t limit = 0;
  const char* const end = given->data() + given->size();
  const auto [read, failed] = std::from_chars(given->data(), end, limit);
  if (failed != std::errc() || read != end) return std::nullopt;
  return limit == 0 ? SIZE_MAX : limit;
}

}  // namespace

// Our own datacenter first, or that of ?dc=; then the others in the order of the query, until one has somebody. Those that are
// unknown here, and those the caller may not read, are passed over.
Routed execute_query(const Call& call) {
  const auto own = zone_of(call);
  if (!own) return own.error();
  const std::optional<std::size_t> limit = read_limit(call);
  if (!limit) return text(400, "Invalid limit");
  if (const kv::KeyValues* const store = store_of(call); store != nullptr) {
    if (std::string why = store->why_unread(); !why.empty()) return text(500, std::move(why));
  }
  std::string room;
  const kv::QueryPtr query = find_query(call, to_lower(decode(call.path.captures[0], room)));
  const std::string service = query ? to_lower(query->asked.service) : std::string();
  // A query that is not there looks like one of a service the caller may not read.
  if (!query || !call.standing.grant->covers(registry::ServiceRef{*own, service})) {
    if (const auto permitted = permit_keys(call); !permitted) return permitted.error();
  }
  if (!query) return text(404, std::string(kv::k_query_not_found));
  const PreparedQuery& asked = query->asked;
  std::vector<registry::ZoneId> zones{*own};
  const rollcall::consul::Identity& identity = parts_of(call).identity;
  for (const std::string& name : asked.failover) {
    const std::optional<registry::ZoneId> zone = identity.find_datacenter(name);
    const bool is_new = zone && std::ranges::find(zones, *zone) == zones.end();
    if (is_new && call.standing.grant->covers(registry::ServiceRef{*zone, service})) zones.push_back(*zone);
  }
  json::Writer out(4096);
  out.open_object().member("Service", asked.service).name("Nodes").open_array();
  std::size_t failovers = 0;
  while (put_rows(out, call, asked, zones[failovers], *limit) == 0 && failovers + 1 < zones.size()) ++failovers;
  out.close_array().name("DNS").open_object();
  out.member("TTL",
             asked.ttl_seconds ? rollcall::consul::format_go_duration(std::chrono::seconds(*asked.ttl_seconds)) : "");
  out.close_object().member("Datacenter", identity.datacenter(zones[failovers])).member("Failovers", failovers);
  Response response = json(out.close_object().take(), is_pretty(call));
  response.headers.emplace_back("X-Consul-Index",
                                std::to_string(std::max<registry::ChangeIndex>(1, call.registry.counts().index)));
  return response;
}

}  // namespace rollcall::api::consul
