#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <cstdint>
#include <fmt/format.h>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/native/calls.h"
#include "api/native/describe.h"
#include "api/native/fields.h"
#include "api/native/plain_keys.h"
#include "api/problem.h"
#include "base/rcu.h"
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

Response unknown(Counters& counters, const InstanceRef& key) {
  add(counters.heartbeats_unknown, 1);
  return problem(Error{Errc::unknown_instance,
                       fmt::format("service \"{}\" has no instance \"{}\", or its lease has ended; register again "
                                   "with POST /v1/heartbeat",
                                   key.service.name, key.id)});
}

Response describe_renewed(const registry::Instance& instance, const registry::ZoneDirectory& zones,
                          registry::LeaseTime expires_at, registry::LeaseTime now) {
  const std::string zone = zones.name_of(instance.key().service.zone);
  Response response;
  response.body = describe_lease(view_of(instance, zone, expires_at), now);
  return response;
}

// Only the shared store of a cluster can say whether the lease goes on.
Routed ask_the_store(const Call& call, const InstanceRef& key) {
  InstanceKey owned{registry::to_key(key.service), std::string(key.id)};
  return Submission{registry::Renew{owned},
                    [owned, &registry = call.registry, &zones = call.zones, &counters = call.counters](
                        const registry::Outcome& outcome, registry::LeaseTime now) -> std::variant<Response, Wait> {
                      if (!outcome && outcome.error().code == Errc::unknown_instance)
                        return unknown(counters, owned.ref());
                      if (!outcome) return problem(outcome.error());
                      const rcu::ReadLock lock;
                      const registry::Instance* instance = registry.find_instance(owned.ref());
                      if (instance == nullptr) return unknown(counters, owned.ref());  // deregistered meanwhile
                      add(counters.heartbeats, 1);
                      return describe_renewed(*instance, zones, instance->lease.expires_at(), now);
                    }};
}

Routed refuse(const Call& call, const InstanceRef& key, const Error& error) {
  if (error.code == Errc::put_first) return ask_the_store(call, key);
  return error.code == Errc::unknown_instance ? unknown(call.counters, key) : problem(error);
}

Routed renew(const Call& call, const registry::Instance& instance) {
  const auto renewed = call.registry.renew(instance, call.now);
  if (!renewed) return refuse(call, instance.key(), renewed.error());
  add(call.counters.heartbeats, 1);
  return describe_renewed(instance, call.zones, renewed->expires_at, call.now);
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
    if (!permitted) return problem(permitted.error());
    return renew(call, *instance);
  }
  const Result<InstanceKey> key = parse_instance_key(call);
  if (!key) return problem(key.error());
  const registry::Instance* instance = call.registry.find_instance(key->ref());
  if (instance != nullptr) return renew(call, *instance);
  // Here it is not; in a cluster this node may be behind.
  return call.registry.authority() == nullptr ? unknown(call.counters, key->ref()) : ask_the_store(call, key->ref());
}

namespace {

// What a batch came to.
struct Renewals {
  std::uint64_t renewed = 0;
  std::uint64_t unknown = 0;
  json::Writer missing;

  Renewals() { missing.open_array(); }
  void add_unknown(const InstanceRef& key, const registry::ZoneDirectory& zones) {
    ++unknown;
    missing.open_object()
        .member("service", key.service.name)
        .member("zone", zones.name_of(key.service.zone))
        .member("id", key.id)
        .close_object();
  }
};

Response describe(Renewals& done, Counters& counters) {
  add(counters.heartbeats, done.renewed);
  add(counters.heartbeats_unknown, done.unknown);
  json::Writer json;
  json.open_object()
      .member("renewed", done.renewed)
      .name("unknown")
      .raw(done.missing.close_array().take())
      .close_object();
  Response response;
  response.body = json.take();
  return response;
}

// The outcomes of those that the shared store was asked about.
Response describe(Renewals& done, std::span<const InstanceKey> asked, std::span<const registry::Outcome> outcomes,
                  const registry::ZoneDirectory& zones, Counters& counters) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i]) {
      ++done.renewed;
    } else if (outcomes[i].error().code == Errc::unknown_instance) {
      done.add_unknown(asked[i].ref(), zones);
    } else {
      return problem(outcomes[i].error());
    }
  }
  return describe(done, counters);
}

// In a cluster. One that cannot be made to count here refuses the whole batch: the client asks another node for all.
Routed renew_decided(const Call& call, std::span<const InstanceRef> keys) {
  Renewals done;
  std::vector<InstanceKey> asked;
  for (const InstanceRef& key : keys) {
    const auto renewed = call.registry.renew(key, call.now);
    if (renewed) {
      ++done.renewed;
    } else if (renewed.error().code == Errc::put_first) {
      asked.push_back({registry::to_key(key.service), std::string(key.id)});
    } else {
      return problem(renewed.error());
    }
  }
  if (asked.empty()) return describe(done, call.counters);
  std::vector<registry::Change> changes;
  changes.reserve(asked.size());
  for (const InstanceKey& key : asked) changes.emplace_back(registry::Renew{key});
  return Submissions{std::move(changes),
                     [done = std::move(done), asked = std::move(asked), &zones = call.zones, &counters = call.counters](
                         std::span<const registry::Outcome> outcomes, registry::LeaseTime) mutable {
                       return describe(done, asked, outcomes, zones, counters);
                     }};
}

}  // namespace

Routed renew_many(const Call& call) {
  const Result<Batch> batch = read_batch(call);
  if (!batch) return problem(batch.error());
  if (call.registry.authority() != nullptr) return renew_decided(call, batch->keys);
  Renewals done;
  for (const InstanceRef& key : batch->keys) {
    const registry::Instance* instance = call.registry.find_instance(key);
    if (instance != nullptr && call.registry.renew(*instance, call.now)) {
      ++done.renewed;
    } else {
      done.add_unknown(key, call.zones);
    }
  }
  return describe(done, call.counters);
}

}  // namespace rollcall::api::native
