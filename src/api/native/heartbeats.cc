#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <utility>

#include "api/native/calls.h"
#include "api/native/describe.h"
#include "api/native/fields.h"
#include "api/native/plain_keys.h"
#include "api/problem.h"
#include "json/body.h"

namespace rollcall::api::native {
namespace {

using registry::InstanceKey;
using registry::InstanceRef;

constexpr std::string_view k_expected_batch = R"({"instances":[{"service":"web","id":"i-1"}]}, a JSON object)";
constexpr std::size_t k_tree_bytes = std::size_t{64} * 1024;  // of a batch's values before memory is asked for

void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  if (count > 0) counter.fetch_add(count, std::memory_order_relaxed);
}

Response unknown(const Call& call, const InstanceRef& key) {
  add(call.counters.heartbeats_unknown, 1);
  return problem(Error{Errc::unknown_instance,
                       fmt::format("service \"{}\" has no instance \"{}\", or its lease has ended; register again "
                                   "with POST /v1/heartbeat",
                                   key.service.name, key.id)});
}

Response renew(const Call& call, const registry::Instance& instance) {
  const auto renewed = call.registry.renew(instance, call.now);
  if (!renewed) return unknown(call, instance.key());
  add(call.counters.heartbeats, 1);
  const std::string zone = call.zones.name_of(instance.key().service.zone);
  Response response;
  response.body = describe_lease(view_of(instance, zone, renewed->expires_at), call.now);
  return response;
}

// The usual path: service and id are sent exactly as the roll has them, so that nothing is folded or decoded.
const registry::Instance* find_as_sent(const Call& call) {
  if (call.id.find('%') != std::string_view::npos) return nullptr;
  return call.registry.find_instance({{call.zone(), call.service}, call.id});
}

// The instances of a batch. Every fault of the batch is found before the first lease is renewed.
struct Batch {
  std::vector<InstanceKey> owned;  // what `keys` borrows from; empty: from the body
  std::vector<InstanceRef> keys;
};

Result<Batch> read_batch(const Call& call) {
  Batch batch;
  const bool is_plain = call.standing.grant->covers(call.zone(), std::nullopt) &&
                        read_plain_keys(call.request.body, call.zone(), batch.keys);
  if (is_plain) return batch;
  batch.keys.clear();
  std::array<unsigned char, k_tree_bytes> room;
  boost::json::monotonic_resource memory(room.data(), room.size());
  const auto body = json::parse_object(call.request.body, k_expected_batch, &memory);
  if (!body) return std::unexpected(body.error());
  auto keys = parse_instance_keys(*body, call.parameters.zone, call.zones);
  if (!keys) return std::unexpected(keys.error());
  batch.owned = std::move(*keys);
  for (const InstanceKey& key : batch.owned) {
    const auto permitted = permit(call, key.service.ref());
    if (!permitted) {
      return failure(Errc::forbidden, permitted.error().message, fmt::format("instances[{}]", batch.keys.size()));
    }
    batch.keys.push_back(key.ref());
  }
  return batch;
}

}  // namespace

Routed renew_instance(const Call& call) {
  if (!call.request.body.empty()) {
    const auto body = json::parse_object(call.request.body, "empty, or a JSON object");
    if (!body) return problem(body.error());
  }
  if (const registry::Instance* instance = find_as_sent(call)) {
    const auto permitted = permit(call, instance->key().service);
    return permitted ? renew(call, *instance) : problem(permitted.error());
  }
  const Result<InstanceKey> key = parse_instance_key(call);
  if (!key) return problem(key.error());
  const registry::Instance* instance = call.registry.find_instance(key->ref());
  return instance == nullptr ? unknown(call, key->ref()) : renew(call, *instance);
}

Routed renew_many(const Call& call) {
  const Result<Batch> batch = read_batch(call);
  if (!batch) return problem(batch.error());
  std::uint64_t renewed = 0;
  json::Writer missing;
  missing.open_array();
  for (const InstanceRef& key : batch->keys) {
    const registry::Instance* instance = call.registry.find_instance(key);
    if (instance != nullptr && call.registry.renew(*instance, call.now)) {
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
  add(call.counters.heartbeats_unknown, batch->keys.size() - renewed);
  json::Writer json;
  json.open_object().member("renewed", renewed).name("unknown").raw(missing.close_array().take()).close_object();
  Response response;
  response.body = json.take();
  return response;
}

}  // namespace rollcall::api::native
