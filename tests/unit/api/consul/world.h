// The door for clients of Consul over a real registry, beside the native one.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "api/consul/door.h"
#include "consul/agent_ids.h"
#include "consul/catalog_face.h"
#include "registry/ports/audiences.h"
#include "unit/api/fixture.h"

namespace rollcall::api::consul::testing {

using namespace api::testing;

struct ConsulWorld {
  FakeJournal journal;
  TwoZones zones;
  FakeServer server;
  registry::ManualClock clock;
  rollcall::consul::AgentIds ids;
  registry::Waiters waiters;
  registry::CatalogIndex catalog{waiters, 2, &rollcall::consul::face_of};
  registry::Audiences audiences{{&ids, &waiters, &catalog}};
  registry::Registry registry{journal, audiences, zones, std::chrono::hours(1)};
  Access access{AccessRules{}};
  native::NativeDoor native{server};
  rollcall::consul::Identity identity{.node = "Node-1.example",
                                      .node_id = rollcall::consul::node_id_of("Node-1.example"),
                                      .address = "192.0.2.100",
                                      .datacenters = {"dc1", "lab.example"},
                                      .version = "0.0.0"};
  registry::CheckBeats beats;
  ConsulDoor door{Parts{.identity = identity, .ids = ids, .catalog = catalog, .beats = beats}};
  Router api{registry, zones, waiters, access, {&native, &door}};
  Caller here{*IpAddress::parse("127.0.0.1")};
  Caller* caller = &here;
  Counters counters;
  std::string authorization;  // of calls from now on
  bool is_from_page = false;
  FakeFields fields;           // likewise
  bool was_submitted = false;  // whether the last call went to the writer

  Routed route(Method method, std::string_view target, std::string_view body = {},
               PendingAhead ahead = PendingAhead::nothing) {
    return api.route({.method = method,
                      .target = target,
                      .body = body,
                      .authorization = authorization,
                      .is_from_page = is_from_page,
                      .caller = caller,
                      .fields = &fields},
                     clock.now(), counters, ahead);
  }
  Response call(Method method, std::string_view target, std::string_view body = {}) {
    Routed routed = route(method, target, body);
    was_submitted = false;
    if (Response* response = std::get_if<Response>(&routed)) return std::move(*response);
    was_submitted = true;
    if (Submissions* several = std::get_if<Submissions>(&routed)) {
      return several->describe(registry.apply(several->changes, clock, k_wall_now), clock.now());
    }
    Submission& submission = std::get<Submission>(routed);
    const auto outcomes = registry.apply(std::span(&submission.change, 1), clock, k_wall_now);
    std::variant<Response, Wait> described = submission.describe(outcomes.at(0), clock.now());
    return std::get<Response>(std::move(described));
  }
  Response get(std::string_view target) { return call(Method::get, target); }
  Response put(std::string_view target, std::string_view body = {}) { return call(Method::put, target, body); }

  // "200", or the status with its sentence.
  std::string told(const Response& response) {
    if (response.status == 200 && response.body.empty()) return "200";
    return std::to_string(response.status) + ' ' + response.body;
  }
  std::string tell(std::string_view target, std::string_view body = {}) { return told(put(target, body)); }

  void expect_registered(std::string_view body) {
    if (const std::string said = tell("/v1/agent/service/register", body); said != "200")
      throw std::runtime_error(said);
  }
  void advance(std::chrono::milliseconds time) {
    clock.advance(time);
    registry.sweep(clock.now(), k_wall_now);
  }
  boost::json::object services() { return parse(get("/v1/agent/services")).as_object(); }
  boost::json::object checks() { return parse(get("/v1/agent/checks")).as_object(); }
  // "passing", or "none" where there is no such check.
  std::string status_of(std::string_view check) {
    const boost::json::object all = checks();
    const auto* found = all.if_contains(check);
    return found == nullptr ? "none" : text_of(*found, "Status");
  }
  const registry::Instance* find(std::string_view service, std::string_view id) {
    const rcu::ReadLock lock;
    return registry.find_instance({{registry::ZoneId{0}, service}, id});
  }
  // Whether the DNS would answer with it.
  bool is_answered(std::string_view service, std::string_view id) {
    const registry::Instance* instance = find(service, id);
    return instance != nullptr && instance->status == registry::Status::ready;
  }
};

}  // namespace rollcall::api::consul::testing
