#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <string>
#include <utility>

#include "api/native/calls.h"
#include "api/native/describe.h"
#include "api/native/fields.h"
#include "api/native/shown.h"
#include "api/problem.h"
#include "base/check.h"
#include "base/http_url.h"
#include "base/rcu.h"
#include "json/body.h"

namespace rollcall::api::native {
namespace {

using registry::LeaseTime;
using registry::Outcome;
using registry::Registration;

constexpr std::string_view k_expected =
    R"(a registration, a JSON object like {"service":"web","address":"192.0.2.1","port":8080})";
constexpr std::size_t k_tree_bytes = std::size_t{8} * 1024;  // of a usual body's values: no allocation of their own

Result<Registration> read_registration(const Call& call, const Given& given) {
  std::array<unsigned char, k_tree_bytes> room;
  boost::json::monotonic_resource memory(room.data(), room.size());
  const auto body = json::parse_object(call.request.body, k_expected, &memory);
  if (!body) return std::unexpected(body.error());
  return parse_registration(*body, given, call.zones, call.server.lease_bounds());
}

// Where an instance can be read.
std::string location_of(const registry::InstanceKey& key, std::string_view zone) {
  std::string location = "/v1/services/" + key.service.name + "/instances/" + encode_segment(key.id);
  if (key.service.zone != registry::ZoneId{0}) location += "?zone=" + encode_segment(zone);
  return location;
}

// What the answer to a registration needs besides its outcome. Owned: the answer is made after the call.
struct RegistrationReply {
  registry::InstanceKey key;
  std::string zone;
  registry::Protocol protocol;
  std::chrono::milliseconds ttl;
};

// Empty: a later change has replaced the registration, so this client must not renew it; or the lease is decided elsewhere,
// and begins anew with the confirmation of the change.
std::optional<LeaseTime> renew_if_still(const registry::Registry& registry, const registry::InstanceKey& key,
                                        registry::ChangeIndex index, LeaseTime now) {
  if (registry.authority() != nullptr) return std::nullopt;
  const rcu::ReadLock lock;
  const registry::Instance* instance = registry.find_instance(key.ref());
  if (instance == nullptr || instance->index != index) return std::nullopt;
  const auto renewed = registry.renew(*instance, now);
  return renewed ? std::optional(renewed->expires_at) : std::nullopt;
}

// The lease begins when its 2xx is sent, not at the commit: a client that counts from the answer must never see it end early.
Response describe_outcome(const RegistrationReply& reply, const registry::Registry& registry, const Outcome& outcome,
                          LeaseTime now) {
  if (!outcome) return problem(outcome.error());
  check(!outcome->label.empty(), "an instance on the roll has a label");
  const LeaseTime expires_at = renew_if_still(registry, reply.key, outcome->index, now).value_or(outcome->expires_at);
  Response response;
  response.status = outcome->created ? 201 : 200;
  response.body = describe_registration({reply.key.service.name, reply.zone, reply.key.id, reply.protocol, reply.ttl,
                                         outcome->label, outcome->status, expires_at, outcome->index},
                                        now);
  if (outcome->created) response.headers.emplace_back("Location", location_of(reply.key, reply.zone));
  return response;
}

// A registration that changes nothing but the deadline is a heartbeat, and costs no write. Empty: it is a change for the
// writer, also because the lease has ended, or because only the shared store of a cluster can say whether it has.
std::optional<Response> renew_unchanged(const Call& call, const Registration& registration) {
  if (call.ahead != PendingAhead::nothing) return std::nullopt;
  // What every node must show is looked for at the index that the writer gives.
  if (call.everywhere() != nullptr && call.parameters.everywhere.value_or(false)) return std::nullopt;
  const registry::Instance* known = call.registry.find_instance(registration.key.ref());
  if (known == nullptr || !known->is_as(registration)) return std::nullopt;
  const auto renewed = call.registry.renew(*known, call.now);
  if (!renewed && renewed.error().code == Errc::not_in_charge) return problem(renewed.error());
  if (!renewed) return std::nullopt;
  call.counters.heartbeats.fetch_add(1, std::memory_order_relaxed);
  const std::string zone = call.zones.name_of(registration.key.service.zone);
  Response response;
  response.body = describe_registration(view_of(*known, zone, renewed->expires_at), call.now);
  return response;
}

Routed submit(const Call& call, Registration registration) {
  RegistrationReply reply{registration.key, call.zones.name_of(registration.key.service.zone), registration.protocol,
                          registration.ttl};
  return wait_everywhere(call, Submission{registry::Register{std::move(registration)},
                                          [reply = std::move(reply), &registry = call.registry](
                                              const Outcome& outcome, LeaseTime now) -> std::variant<Response, Wait> {
                                            return describe_outcome(reply, registry, outcome, now);
                                          }});
}

Result<void> permit_registration(const Call& call, const Registration& registration) {
  const Result<void> permitted = permit(call, registration.key.service.ref());
  return permitted ? permit_lease(call, registration) : permitted;
}

Routed put(const Call& call, Result<Registration> registration) {
  if (!registration) return problem(registration.error());
  if (const auto permitted = permit_registration(call, *registration); !permitted) return problem(permitted.error());
  if (auto renewed = renew_unchanged(call, *registration)) return std::move(*renewed);
  return submit(call, std::move(*registration));
}

}  // namespace

Routed register_by_heartbeat(const Call& call) {
  LastRegistration& last = call.request.caller->last_registration();
  const RegistrationText text{call.request.body, call.parameters.zone, call.server.lease_bounds()};
  if (const Registration* same = last.find(text)) {
    if (const auto permitted = permit(call, same->key.service.ref()); !permitted) return problem(permitted.error());
    if (auto renewed = renew_unchanged(call, *same)) return std::move(*renewed);
  }
  Result<Registration> registration = read_registration(call, {call.parameters.zone, {}, {}, &call.registry});
  if (!registration) return problem(registration.error());
  if (const auto permitted = permit_registration(call, *registration); !permitted) return problem(permitted.error());
  if (auto renewed = renew_unchanged(call, *registration)) {
    last.keep(text, std::move(*registration));
    return std::move(*renewed);
  }
  return submit(call, std::move(*registration));
}

Routed register_instance(const Call& call) {
  auto service = parse_service_unasked(call);
  if (!service) return problem(service.error());
  auto id = parse_id(call);
  if (!id) return problem(id.error());
  return put(call, read_registration(call, {call.parameters.zone, std::move(*service), std::move(*id)}));
}

Routed register_in_service(const Call& call) {
  auto service = parse_service_unasked(call);
  if (!service) return problem(service.error());
  return put(call, read_registration(call, {call.parameters.zone, std::move(*service), {}}));
}

// Also for an instance that is not on the roll: its registration may still be in the writer's queue.
Routed deregister(const Call& call) {
  auto key = parse_instance_key(call);
  if (!key) return problem(key.error());
  return wait_everywhere(call, Submission{registry::Deregister{std::move(*key)},
                                          [](const Outcome& outcome, LeaseTime) -> std::variant<Response, Wait> {
                                            return outcome ? Response{204, {}, {}, {}} : problem(outcome.error());
                                          }});
}

// Also for a service that has an instance here: its deregistration may still be in the writer's queue.
Routed forget_service(const Call& call) {
  auto service = parse_service(call);
  if (!service) return problem(service.error());
  return Submission{registry::ForgetService{{{call.zone(), std::move(*service)}, {}}},
                    [](const Outcome& outcome, LeaseTime) -> std::variant<Response, Wait> {
                      return outcome ? Response{204, {}, {}, {}} : problem(outcome.error());
                    }};
}

}  // namespace rollcall::api::native
