// Leaving the answers, and coming back.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "api/calls.h"
#include "api/json_writer.h"
#include "api/problem.h"
#include "base/rcu.h"

namespace rollcall::api {
namespace {

using registry::InstanceKey;
using registry::LeaseTime;
using std::chrono::milliseconds;

// `safe`: no cache can hold an answer with the instance in it any more.
Response describe(registry::Status status, bool is_safe, std::optional<milliseconds> safe_in) {
  JsonWriter json;
  json.open_object().member("status", registry::to_text(status)).member("safe", is_safe).name("safe_in_ms");
  if (safe_in) {
    json.raw(std::to_string(safe_in->count()));
  } else {
    json.raw("null");
  }
  Response response;
  response.body = json.close_object().take();
  return response;
}

// An instance that has gone meanwhile is safe: no answer outlives its lease, and no other followed.
milliseconds safe_in(const registry::Registry& registry, const InstanceKey& key, LeaseTime now) {
  const rcu::ReadLock lock;
  const registry::Instance* instance = registry.find_instance(key.ref());
  if (instance == nullptr || instance->safe.get() <= now) return milliseconds::zero();
  return std::chrono::ceil<milliseconds>(instance->safe.get() - now);
}

Response describe_drain(const registry::Registry& registry, const InstanceKey& key, LeaseTime now) {
  const milliseconds left = safe_in(registry, key, now);
  return describe(registry::Status::draining, left == milliseconds::zero(), left);
}

}  // namespace

Routed drain(const Call& call) {
  auto key = parse_instance_key(call);
  if (!key) return problem(key.error());
  registry::SetDraining change{.key = *key, .is_draining = true};
  return Submission{std::move(change),
                    [key = std::move(*key), &registry = call.registry, wait = call.parameters.wait](
                        const registry::Outcome& outcome, LeaseTime now) mutable -> std::variant<Response, Wait> {
                      if (!outcome) return problem(outcome.error());
                      const milliseconds left = safe_in(registry, key, now);
                      if (!wait || left == milliseconds::zero()) return describe_drain(registry, key, now);
                      return Wait{
                          .service = {},
                          .known = 0,
                          .at_most = *wait,
                          .answer = [key, &registry](LeaseTime then) { return describe_drain(registry, key, then); },
                          .left = [key, &registry](LeaseTime then) { return safe_in(registry, key, then); }};
                    }};
}

// Back into the answers: nothing is safe, and nothing will be.
Routed end_drain(const Call& call) {
  auto key = parse_instance_key(call);
  if (!key) return problem(key.error());
  return Submission{registry::SetDraining{.key = std::move(*key), .is_draining = false},
                    [](const registry::Outcome& outcome, LeaseTime) -> std::variant<Response, Wait> {
                      if (!outcome) return problem(outcome.error());
                      return describe(outcome->status, false, std::nullopt);
                    }};
}

}  // namespace rollcall::api
