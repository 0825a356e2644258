// Drains: an instance leaves the DNS answers while it still serves, and may return.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "api/native/calls.h"
#include "api/native/shown.h"
#include "api/problem.h"
#include "base/rcu.h"
#include "json/writer.h"

namespace rollcall::api::native {
namespace {

using registry::InstanceKey;
using registry::LeaseTime;
using std::chrono::milliseconds;

// `is_safe`: no cache can hold an answer that names the instance any more, so it may stop.
Response describe(registry::Status status, bool is_safe, std::optional<milliseconds> safe_in,
                  const std::vector<std::string>& waits_for = {}) {
  json::Writer json;
  json.open_object().member("status", registry::to_text(status)).member("safe", is_safe).name("safe_in_ms");
  if (safe_in) {
    json.raw(std::to_string(safe_in->count()));
  } else {
    json.raw("null");
  }
  if (!waits_for.empty()) {
    json.name("waiting_for").open_array();
    for (const std::string& node : waits_for) json.value(node);
    json.close_array();
  }
  Response response;
  response.body = json.close_object().take();
  return response;
}

// A drain as it is now. `left`: the time until the instance may stop; empty: waiting does not help, because the instance was
// brought back, or another one was registered under its id.
struct Drain {
  registry::Status status = registry::Status::draining;
  std::optional<milliseconds> left;
  std::vector<std::string> waits_for = {};  // nodes of the cluster that have not said when; then `left` is not known
};

constexpr milliseconds k_ask_again{50};  // while other nodes have not said

// An instance that is no longer on the roll is safe: no answer outlives its lease.
Drain look_at(const registry::Registry& registry, const InstanceKey& key, LeaseTime now) {
  const rcu::ReadLock lock;
  const registry::Instance* instance = registry.find_instance(key.ref());
  if (instance == nullptr) return {.left = milliseconds::zero()};
  if (!instance->is_draining()) return {.status = instance->status, .left = std::nullopt};
  if (registry::LeaseAuthority* cluster = registry.authority()) {
    registry::LeaseAuthority::Safety safety = cluster->safe_after(key.ref(), instance->index, instance->safe.get());
    if (safety.at == LeaseTime::max()) return {.left = k_ask_again, .waits_for = std::move(safety.waits_for)};
    return {.left = std::chrono::ceil<milliseconds>(std::max(safety.at, now) - now)};
  }
  const LeaseTime safe = std::max(instance->safe.get(), now);
  return {.left = std::chrono::ceil<milliseconds>(safe - now)};
}

Response describe(const Drain& drain) {
  const bool is_known = drain.waits_for.empty();
  return describe(drain.status, drain.left == milliseconds::zero(), is_known ? drain.left : std::nullopt,
                  drain.waits_for);
}

milliseconds left_to_wait(const Drain& drain) { return drain.left.value_or(milliseconds::zero()); }

}  // namespace

Routed drain(const Call& call) {
  auto key = parse_instance_key(call);
  if (!key) return problem(key.error());
  registry::SetDraining change{.key = *key, .is_draining = true};
  return wait_everywhere(
      call,
      Submission{std::move(change),
                 [key = std::move(*key), &registry = call.registry, wait = call.parameters.wait](
                     const registry::Outcome& outcome, LeaseTime now) mutable -> std::variant<Response, Wait> {
                   if (!outcome) return problem(outcome.error());
                   const Drain drain = look_at(registry, key, now);
                   if (!wait || left_to_wait(drain) == milliseconds::zero()) return describe(drain);
                   return Wait{
                       .until = {},
                       .at_most = *wait,
                       .answer = [key, &registry](LeaseTime then) { return describe(look_at(registry, key, then)); },
                       .left = [key, &registry](LeaseTime then) { return left_to_wait(look_at(registry, key, then)); }};
                 }});
}

// The instance is in the answers again: it may not stop, and waiting does not change that.
Routed end_drain(const Call& call) {
  auto key = parse_instance_key(call);
  if (!key) return problem(key.error());
  return wait_everywhere(call,
                         Submission{registry::SetDraining{.key = std::move(*key), .is_draining = false},
                                    [](const registry::Outcome& outcome, LeaseTime) -> std::variant<Response, Wait> {
                                      if (!outcome) return problem(outcome.error());
                                      return describe(outcome->status, false, std::nullopt);
                                    }});
}

}  // namespace rollcall::api::native
