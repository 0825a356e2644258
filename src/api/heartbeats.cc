#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <utility>

#include "api/calls.h"
#include "api/describe.h"
#include "api/fields.h"
#include "api/json_body.h"
#include "api/problem.h"

namespace rollcall::api {
namespace {

using registry::InstanceKey;

constexpr std::string_view k_expected_batch = R"({"instances":[{"service":"web","id":"i-1"}]}, a JSON object)";
constexpr std::size_t k_tree_bytes = std::size_t{64} * 1024;  // of a batch's values before memory is asked for

void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  if (count > 0) counter.fetch_add(count, std::memory_order_relaxed);
}

Response unknown(const Call& call, const InstanceKey& key) {
  add(call.counters.heartbeats_unknown, 1);
  return problem(Error{Errc::unknown_instance,
                       fmt::format("service \"{}\" has no instance \"{}\", or its lease has ended; register again "
                                   "with POST /v1/heartbeat",
                                   key.service.name, key.id)});
}

}  // namespace

Routed renew_instance(const Call& call) {
  if (!call.request.body.empty()) {
    const auto body = parse_json_object(call.request.body, "empty, or a JSON object");
    if (!body) return problem(body.error());
  }
  const Result<InstanceKey> key = parse_instance_key(call);
  if (!key) return problem(key.error());
  const registry::Instance* instance = call.registry.find_instance(key->ref());
  if (instance == nullptr) return unknown(call, *key);
  const auto renewed = call.registry.renew(key->ref(), call.now);
  if (!renewed) return renewed.error().code == Errc::unknown_instance ? unknown(call, *key) : problem(renewed.error());
  add(call.counters.heartbeats, 1);
  const std::string zone = call.zones.name_of(key->service.zone);
  Response response;
  response.body = describe_lease({key->service.name, zone, key->id, instance->protocol(), instance->ttl(),
                                  instance->label(), instance->status, renewed->expires_at, instance->index},
                                 call.now);
  return response;
}

// All elements are read before the first lease is renewed: a wrong one leaves everything as it was.
Routed renew_many(const Call& call) {
  std::array<unsigned char, k_tree_bytes> room;
  boost::json::monotonic_resource memory(room.data(), room.size());
  const auto body = parse_json_object(call.request.body, k_expected_batch, &memory);
  if (!body) return problem(body.error());
  const auto keys = parse_instance_keys(*body, call.parameters.zone, call.zones);
  if (!keys) return problem(keys.error());
  for (std::size_t i = 0; i < keys->size(); ++i) {
    const auto permitted = permit(call, (*keys)[i].service.ref());
    if (!permitted) return problem({Errc::forbidden, permitted.error().message, fmt::format("instances[{}]", i)});
  }

  std::uint64_t renewed = 0;
  JsonWriter missing;
  missing.open_array();
  for (const InstanceKey& key : *keys) {
    if (call.registry.renew(key.ref(), call.now)) {
      ++renewed;
      continue;
    }
    missing.open_object()
        .member("service", key.service.name)
        .member("zone", call.zones.name_of(key.service.zone))
        .member("id", key.id)
        .close_object();
  }
  add(call.counters.heartbeats, renewed);
  add(call.counters.heartbeats_unknown, keys->size() - renewed);
  JsonWriter json;
  json.open_object().member("renewed", renewed).name("unknown").raw(missing.close_array().take()).close_object();
  Response response;
  response.body = json.take();
  return response;
}

}  // namespace rollcall::api
