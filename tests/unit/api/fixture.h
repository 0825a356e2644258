// The API over a real registry, with a journal that obeys and a clock that stands still.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/native/door.h"
#include "api/router.h"
#include "registry/registry.h"
#include "registry/work/waiters.h"

namespace rollcall::api::testing {

class FakeJournal final : public registry::CountingJournal {
 public:
  Result<void> write(const registry::Transaction&) override {
    ++records;
    if (fails_with) return failure(*fails_with, "the database is locked by another process");
    return {};
  }
  std::optional<Errc> fails_with;
  int records = 0;
};

class Nobody final : public registry::Audience {
 public:
  void publish(const registry::Service&) override {}
  void withdraw(const registry::ServiceRef&) override {}
  registry::LeaseTime answered_until(const registry::ServiceRef&, registry::LeaseTime) const override {
    return answered;
  }
  registry::LeaseTime answered{};  // until when caches hold answers
};

// Two zones; the zone file of the first has the name www.
class TwoZones final : public registry::ZoneDirectory {
 public:
  std::optional<registry::ZoneId> find(std::string_view name) const override {
    if (name == "svc.internal") return registry::ZoneId{0};
    if (name == "lab.example") return registry::ZoneId{1};
    return std::nullopt;
  }
  std::string name_of(registry::ZoneId zone) const override {
    return zone == registry::ZoneId{0} ? "svc.internal" : "lab.example";
  }
  std::size_t apex_bytes_of(registry::ZoneId) const override { return 14; }
  std::optional<registry::TakenName> find_taken(const registry::ServiceRef& service) const override {
    if (service.zone != registry::ZoneId{0} || service.name != "www") return std::nullopt;
    return registry::TakenName{registry::TakenName::By::zone_file, "www.svc.internal"};
  }
};

class FakeServer final : public native::ServerView {
 public:
  std::string_view version() const override { return "0.0.0"; }
  std::string status_json(const Grant&) const override { return R"({"version":"0.0.0"})"; }
  // Of the service that the name's first label names.
  native::Explanation explain(const dns::Name& name, dns::Type type) const override {
    const std::string json =
        R"({"name":")" + name.text() + R"(","type":)" + std::to_string(static_cast<unsigned>(type)) + '}';
    return {json, {{registry::ZoneId{0}, std::string(name.first_label())}}};
  }
  std::string metrics_text(const Grant&) const override { return "rollcall_up 1\n"; }
  std::string nodes_json() const override { return R"({"nodes":[]})"; }
  std::string unready_reason() const override { return reason; }
  registry::LeaseBounds lease_bounds() const override { return bounds; }
  std::string reason;
  registry::LeaseBounds bounds;
};

// 2026-01-31T09:30:00.250Z
inline constexpr registry::WallTime k_wall_now{std::chrono::milliseconds(1'769'851'800'250)};

class FakeFields final : public HeaderFields {
 public:
  std::string_view find(std::string_view name) const override {
    const auto found = std::ranges::find(fields, name, [](const auto& field) { return field.first; });
    return found == fields.end() ? std::string_view() : found->second;
  }
  std::vector<std::pair<std::string_view, std::string_view>> fields;
};

struct World {
  FakeJournal journal;
  Nobody nobody;
  TwoZones zones;
  FakeServer server;
  registry::ManualClock clock;
  registry::Registry registry{journal, nobody, zones, std::chrono::hours(1)};
  Access access{AccessRules{}};
  native::NativeDoor door{server};
  registry::Waiters waiters;
  Router api{registry, zones, waiters, access, {&door}};
  Caller caller{*IpAddress::parse("127.0.0.1")};
  Counters counters;
  std::string authorization;  // of calls from now on
  bool is_from_page = false;
  FakeFields fields;           // likewise
  bool was_submitted = false;  // whether the last call went to the writer

  Response call(Method method, std::string_view target, std::string_view body = {}) {
    const Request request{.method = method,
                          .target = target,
                          .body = body,
                          .authorization = authorization,
                          .is_from_page = is_from_page,
                          .caller = &caller,
                          .fields = &fields};
    Routed routed = api.route(request, clock.now(), counters);
    was_submitted = std::holds_alternative<Submission>(routed);
    if (Response* response = std::get_if<Response>(&routed)) return std::move(*response);
    if (Wait* asked = std::get_if<Wait>(&routed)) return wait(std::move(*asked));
    if (Submissions* several = std::get_if<Submissions>(&routed)) {
      was_submitted = true;
      const auto outcomes = registry.apply(several->changes, clock, k_wall_now);
      return several->describe(outcomes, clock.now());
    }
    if (OtherChange* other = std::get_if<OtherChange>(&routed)) {
      was_submitted = true;
      bool is_done = false;
      if (!other->begin([&is_done] { is_done = true; })) throw std::runtime_error("the change was not taken");
      if (!is_done) throw std::runtime_error("the change did not end");
      return other->describe(clock.now());
    }
    Submission& submission = std::get<Submission>(routed);
    const auto outcomes = registry.apply(std::span(&submission.change, 1), clock, k_wall_now);
    std::variant<Response, Wait> described = submission.describe(outcomes.at(0), clock.now());
    if (Wait* asked = std::get_if<Wait>(&described)) return wait(std::move(*asked));
    return std::get<Response>(std::move(described));
  }
  // Waits to the end, unless something happens meanwhile.
  Response wait(Wait asked) {
    waited = asked.left ? std::min(asked.at_most, asked.left(clock.now())) : asked.at_most;
    clock.advance(*waited);
    if (meanwhile) meanwhile();
    return asked.answer(clock.now());
  }
  std::optional<std::chrono::milliseconds> waited;  // what the last call that waited was ready to wait
  std::function<void()> meanwhile;
  Response get(std::string_view target) { return call(Method::get, target); }
  Response post(std::string_view target, std::string_view body = {}) { return call(Method::post, target, body); }
  Response put(std::string_view target, std::string_view body) { return call(Method::put, target, body); }
  Response del(std::string_view target) { return call(Method::del, target); }

  // A registration of service web that must succeed.
  void expect_registered(std::string_view id, std::string_view more_fields = {}) {
    const std::string body = R"({"service":"web","address":"192.0.2.1","port":8080,"id":")" + std::string(id) + '"' +
                             std::string(more_fields) + '}';
    const Response response = post("/v1/heartbeat", body);
    if (response.status != 201) throw std::runtime_error(response.body);
  }
};

inline boost::json::value parse(const Response& response) { return boost::json::parse(response.body); }

inline std::string text_of(const boost::json::value& object, std::string_view name) {
  return boost::json::value_to<std::string>(object.at({name.data(), name.size()}));
}
inline std::int64_t number_of(const boost::json::value& object, std::string_view name) {
  return object.at({name.data(), name.size()}).to_number<std::int64_t>();
}

// What a problem says: "400 invalid_field port".
inline std::string problem_of(const Response& response) {
  const boost::json::value body = parse(response);
  std::string text = std::to_string(response.status) + ' ' + text_of(body, "type").substr(13);
  if (response.content_type != "application/problem+json") text += " (not a problem)";
  if (number_of(body, "status") != response.status) text += " (status differs)";
  if (body.as_object().contains("field")) text += ' ' + text_of(body, "field");
  return text;
}
inline std::string detail_of(const Response& response) { return text_of(parse(response), "detail"); }

inline std::string header_of(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace rollcall::api::testing
