#include "kv/query_definition.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <chrono>
#include <fmt/format.h>
#include <string>

#include "consul/go_duration.h"
#include "json/writer.h"
#include "kv/limits.h"
#include "kv/loose_object.h"

namespace rollcall::kv {
namespace {

namespace bj = boost::json;

constexpr std::uint64_t k_nearest_max = 1'000;

// What is kept and shown, and means nothing here, beside what is asked.
struct Kept {
  std::string token;
  std::string near;
  std::vector<std::string> ignored_checks;
  std::uint64_t nearest_n = 0;
  std::vector<std::string> datacenters;
  std::string ttl;
};

Result<void> read_failover(const LooseObject& service, Kept& kept) {
  const Result<const bj::object*> failover = service.object("failover");
  if (!failover) return std::unexpected(failover.error());
  if (*failover == nullptr) return {};
  const LooseObject object(**failover);
  if (Result<void> read =
          first_failure(object.take("nearestn", kept.nearest_n), object.take("datacenters", kept.datacenters));
      !read) {
    return read;
  }
  if (kept.nearest_n > k_nearest_max)
    return failure(Errc::invalid,
                   fmt::format("Bad NearestN '{}', must be >= 0 and <= {}", kept.nearest_n, k_nearest_max));
  if (object.find("targets") != nullptr) {
    return failure(Errc::invalid,
                   "Failover.Targets is not supported: there are no peers or partitions here; list Datacenters");
  }
  return {};
}

Result<void> read_service(const LooseObject& service, Query& query, Kept& kept) {
  consul::PreparedQuery& asked = query.asked;
  bool is_connect = false;
  std::string peer;
  if (Result<void> read =
          first_failure(service.take("service", asked.service), service.take("tags", asked.tags),
                        service.take("onlypassing", asked.only_passing),
                        service.take("servicemeta", asked.service_meta), service.take("nodemeta", asked.node_meta),
                        service.take("near", kept.near), service.take("ignorecheckids", kept.ignored_checks),
                        service.take("connect", is_connect), service.take("peer", peer), read_failover(service, kept));
      !read) {
    return read;
  }
  if (asked.service.empty()) return failure(Errc::invalid, "Must provide a Service name to query");
  if (is_connect || !peer.empty()) {
    return failure(Errc::invalid, "Service.Connect and Service.Peer are not supported: there is no service mesh here");
  }
  return {};
}

Result<void> read_dns(const LooseObject& whole, Query& query, Kept& kept) {
  const Result<const bj::object*> dns = whole.object("dns");
  if (!dns) return std::unexpected(dns.error());
  if (*dns == nullptr) return {};
  std::chrono::milliseconds ttl{};
  const LooseObject object(**dns);
  if (object.find("ttl") == nullptr) return {};
  if (!object.take("ttl", ttl))
    return failure(Errc::invalid, "Bad DNS TTL: it must be a duration, for example \"10s\"");
  if (ttl > k_ttl_max) return failure(Errc::invalid, "Bad DNS TTL: it must be at most 24h");
  const bool is_given = !(object.find("ttl")->is_string() && object.find("ttl")->get_string().empty());
  if (!is_given) return {};
  query.asked.ttl_seconds = static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(ttl).count());
  kept.ttl = consul::format_go_duration(ttl);
  return {};
}

Result<void> check_bounds(const Query& query, const Kept& kept) {
  for (const std::string_view name :
       {std::string_view(query.name), std::string_view(query.asked.service), std::string_view(kept.near),
        std::string_view(kept.token), std::string_view(query.session)}) {
    if (name.size() > k_name_bytes_max) {
      return failure(Errc::invalid, fmt::format("names must be at most {} bytes", k_name_bytes_max));
    }
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
      return failure(Errc::invalid, "names must not have control characters");
    }
  }
  return {};
}

void put_texts(json::Writer& out, std::string_view name, const std::vector<std::string>& texts) {
  out.name(name).open_array();
  for (const std::string& text : texts) out.value(text);
  out.close_array();
}

void put_pairs(json::Writer& out, std::string_view name,
               const std::vector<std::pair<std::string, std::string>>& pairs) {
  out.name(name).open_object();
  for (const auto& [key, value] : pairs) out.text_name(key).value(value);
  out.close_object();
}

std::string write(const Query& query, const Kept& kept) {
  json::Writer out(512);
  out.open_object().member("Name", query.name).member("Session", query.session).member("Token", kept.token);
  out.name("Service").open_object().member("Service", query.asked.service);
  out.name("Failover").open_object().member("NearestN", kept.nearest_n);
  put_texts(out, "Datacenters", kept.datacenters);
  out.close_object().member("OnlyPassing", query.asked.only_passing).member("Near", kept.near);
  put_texts(out, "IgnoreCheckIDs", kept.ignored_checks);
  put_texts(out, "Tags", query.asked.tags);
  put_pairs(out, "NodeMeta", query.asked.node_meta);
  put_pairs(out, "ServiceMeta", query.asked.service_meta);
  out.member("Connect", false).close_object();
  out.name("DNS").open_object().member("TTL", kept.ttl).close_object();
  return out.close_object().take();
}

}  // namespace

Result<Query> parse_definition(std::string_view text) {
  if (text.size() > k_definition_bytes_max) {
    return failure(Errc::invalid, fmt::format("a prepared query must be at most {} bytes", k_definition_bytes_max));
  }
  const Result<bj::value> parsed = parse_loosely(text);
  if (!parsed) return std::unexpected(parsed.error());
  if (!parsed->is_object()) return failure(Errc::malformed, "a prepared query must be a JSON object");
  const LooseObject whole(parsed->get_object());
  Query query;
  Kept kept;
  if (Result<void> read = first_failure(whole.take("name", query.name), whole.take("session", query.session),
                                        whole.take("token", kept.token));
      !read) {
    return std::unexpected(read.error());
  }
  const Result<const bj::object*> pattern = whole.object("template");
  if (!pattern) return std::unexpected(pattern.error());
  if (*pattern != nullptr) {
    std::string type;
    static_cast<void>(LooseObject(**pattern).take("type", type));
    if (!type.empty()) {
      return failure(Errc::invalid,
                     "templates are not supported here: make a query for each name (Template must be absent)");
    }
  }
  const Result<const bj::object*> service = whole.object("service");
  if (!service) return std::unexpected(service.error());
  if (*service == nullptr) return failure(Errc::invalid, "Must provide a Service name to query");
  if (Result<void> read =
          first_failure(read_service(LooseObject(**service), query, kept), read_dns(whole, query, kept));
      !read) {
    return std::unexpected(read.error());
  }
  if (Result<void> checked = check_bounds(query, kept); !checked) return std::unexpected(checked.error());
  query.asked.failover = kept.datacenters;
  query.definition = write(query, kept);
  return query;
}

}  // namespace rollcall::kv
