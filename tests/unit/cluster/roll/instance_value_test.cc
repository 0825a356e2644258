#include <cstdio>
#include <cstdlib>

#include "base/ascii_case.h"
#include "catch.h"
#include "cluster/roll/values.h"
#include "registry/instance/wall_time.h"
#include "support/roll/random_record.h"

namespace rollcall::cluster {
namespace {

using registry::Registration;

constexpr std::size_t k_apex_bytes = 14;  // svc.internal
const InstancePlace k_place{"svc.internal", "web", "x1"};

Result<StoredInstance> read_x1(std::string_view json) {
  return read_instance(json, registry::ZoneId{3}, k_place, {}, k_apex_bytes);
}

std::string sentence_of(std::string_view json) {
  const auto read = read_x1(json);
  REQUIRE_FALSE(read.has_value());
  return read.error().message;
}

TEST_CASE("an instance is read as it was written, whatever its fields are") {
  const char* given = std::getenv("ROLLCALL_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : Random::from_system().next();
  std::printf("values: ROLLCALL_SEED=%llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  for (int i = 0; i < 5'000; ++i) {
    const registry::InstanceRecord record = testing::random_record(random);
    const Registration& asked = record.registration;
    const std::string label = to_lower(registry::label_of(asked.key.id));
    const std::string json = write_instance(record, "token:deploy");
    INFO("ROLLCALL_SEED=" << seed << ": " << json);
    const auto read = read_instance(json, registry::ZoneId{3}, {"svc.internal", asked.key.service.name, label}, {}, 20);
    if (!read) FAIL(read.error().message);
    REQUIRE(read->registration == asked);
    REQUIRE(read->standing == record.standing);
    REQUIRE(read->registered_at == record.registered_at);
    REQUIRE(read->by == "token:deploy");
    REQUIRE(write_instance(
                {.registration = read->registration, .standing = read->standing, .registered_at = read->registered_at},
                read->by) == json);
  }
}

TEST_CASE("an address and a port are enough of an instance") {
  const auto read = read_x1(R"({"address":"192.0.2.1","port":8080})");
  REQUIRE(read.has_value());
  const Registration& asked = read->registration;
  CHECK(asked.key == registry::InstanceKey{{registry::ZoneId{3}, "web"}, "x1"});
  CHECK(asked.addresses == std::vector{*IpAddress::parse("192.0.2.1")});
  CHECK(asked.port == 8080);
  CHECK(asked.protocol == registry::Protocol::tcp);
  CHECK(asked.priority == 1);
  CHECK(asked.weight == 1);
  CHECK(asked.ttl == limits::k_lease_default);
  CHECK(asked.lease == registry::LeaseKind::ends_instance);
  CHECK(read->standing == registry::Standing{});
  CHECK(read->by.empty());
}

TEST_CASE("a written instance is short, and in the words of the API") {
  const auto read = read_x1(R"({"address":"192.0.2.1","port":8080,"ttl":"1m","tags":["Blue"],"meta":{"v":"2"},
    "registered_at":"2026-01-31T10:30:00.25+01:00","by":"token:ann"})");
  REQUIRE(read.has_value());
  const registry::InstanceRecord record{
      .registration = read->registration, .standing = read->standing, .registered_at = read->registered_at};
  CHECK(write_instance(record, read->by) ==
        R"({"id":"x1","address":"192.0.2.1","port":8080,"tags":["blue"],"meta":{"v":"2"},)"
        R"("ttl_ms":60000,"registered_at":"2026-01-31T09:30:00.250Z","by":"token:ann"})");
}

TEST_CASE("names in the value agree with those of the key") {
  CHECK(read_x1(R"({"zone":"SVC.internal.","service":"WEB","id":"X1","address":"192.0.2.1","port":1})").has_value());
  CHECK(sentence_of(R"({"service":"shop","address":"192.0.2.1","port":1})").contains("service must be \"web\""));
  CHECK(sentence_of(R"({"zone":"other","address":"192.0.2.1","port":1})").contains("zone must be \"svc.internal\""));
  CHECK(sentence_of(R"({"id":"x2","address":"192.0.2.1","port":1})").contains("label \"x1\""));
  const InstancePlace derived{"svc.internal", "web", "x--12345678"};
  CHECK_FALSE(read_instance(R"({"address":"192.0.2.1","port":1})", registry::ZoneId{3}, derived, {}, 14).has_value());
  const InstancePlace under{"svc.internal", "we_b", "x1"};
  CHECK_FALSE(read_instance(R"({"address":"192.0.2.1","port":1})", registry::ZoneId{3}, under, {}, 14).has_value());
}

TEST_CASE("an instance of another door may have a service of any name, folded, and a native one may not") {
  const InstancePlace place{"svc.internal", "my web/2", "x1"};
  const auto read = [&](std::string_view json) {
    return read_instance(json, registry::ZoneId{3}, place, {}, k_apex_bytes);
  };
  const auto free = read(R"({"door":"consul","service":"My Web/2","address":"192.0.2.1","port":1,"ttl":"none"})");
  REQUIRE(free.has_value());
  CHECK(free->registration.key.service.name == "my web/2");
  const registry::InstanceRecord record{.registration = free->registration, .standing = {}, .registered_at = {}};
  const auto again = read(write_instance(record, {}));
  REQUIRE(again.has_value());
  CHECK(again->registration == free->registration);
  CHECK_FALSE(read(R"({"address":"192.0.2.1","port":1})").has_value());
  const InstancePlace unfolded{"svc.internal", "My", "x1"};
  CHECK_FALSE(
      read_instance(R"({"door":"consul","port":1,"ttl":"none"})", registry::ZoneId{3}, unfolded, {}, 14).has_value());
}

TEST_CASE("a value that breaks a rule is an error with a sentence") {
  struct Case {
    std::string_view json, part;
  };
  const auto [json, part] = GENERATE(values<Case>({
      {"", "empty"},
      {"192.0.2.1", "bad JSON"},
      {"[]", "must be an instance"},
      {R"({"address":"192.0.2.1","port":8080} x)", "bad JSON at byte"},
      {R"({"address":"192.0.2.1"})", "port is required"},
      {R"({"port":8080})", "address is required"},
      {R"({"address":"192.0.2.1","port":70000})", "port must be an integer"},
      {R"({"address":"192.0.2.1","port":"80"})", "port must be an integer"},
      {R"({"address":"0.0.0.0","port":1})", "is not an address"},
      {R"({"address":"web.test","port":1})", "must be an IPv4 or IPv6"},
      {R"({"address":"192.0.2.1","addresses":["192.0.2.2"],"port":1})", "must be the first"},
      {R"({"address":"192.0.2.1","port":1,"prot":"udp"})", "unknown field \"prot\""},
      {R"({"address":"192.0.2.1","port":1,"port":2})", "twice"},
      {R"({"address":"192.0.2.1","port":1,"protocol":"sctp"})", "protocol"},
      {R"({"address":"192.0.2.1","port":1,"tags":["a b"]})", "DNS label"},
      {R"({"address":"192.0.2.1","port":1,"tags":"a"})", "must be a list"},
      {R"({"address":"192.0.2.1","port":1,"meta":{"a":1}})", "meta.a must be a string"},
      {R"({"address":"192.0.2.1","port":1,"meta":{"a=":"1"}})", "printable ASCII"},
      {R"({"address":"192.0.2.1","port":1,"ttl":"10ms"})", "ttl must be from"},
      {R"({"address":"192.0.2.1","port":1,"ttl":"25h"})", "ttl must be from"},
      {R"({"address":"192.0.2.1","port":1,"ttl":"1m","ttl_ms":5000})", "say the same"},
      {R"({"address":"192.0.2.1","port":1,"ttl_ms":-1})", "ttl_ms must be an integer"},
      {R"({"address":"192.0.2.1","port":1,"lease":"long"})", "lease must be"},
      {R"({"address":"192.0.2.1","port":1,"lease":"critical"})", "names it"},
      {R"({"address":"192.0.2.1","port":1,"host":"a.test"})", "other doors"},
      {R"({"address":"192.0.2.1","port":1,"door":"front"})", "door must be"},
      {R"({"address":"192.0.2.1","port":1,"door":"consul","attributes":"[]"})", "attributes must be"},
      {R"({"address":"192.0.2.1","port":1,"door":"consul","attributes":7})", "attributes must be"},
      {R"({"address":"192.0.2.1","port":1,"draining":1})", "true or false"},
      {R"({"address":"192.0.2.1","port":1,"registered_at":"yesterday"})", "a time like"},
      {R"({"address":"192.0.2.1","port":1,"results":[{"id":"a"}]})", "needs a status"},
      {R"({"address":"192.0.2.1","port":1,"results":[{"status":"passing"}]})", "needs an id"},
      {R"({"address":"192.0.2.1","port":1,"results":[{"id":"a","status":"passing"},{"id":"a","status":"passing"}]})",
       "id of their own"},
      {R"({"address":"192.0.2.1","port":1,"checks":[{"type":"smtp"}]})", "checks[0].type"},
      {R"({"address":"192.0.2.1","port":1,"rise":2})", "rise says nothing without checks"},
  }));
  CAPTURE(json);
  const std::string sentence = sentence_of(json);
  CAPTURE(sentence);
  CHECK(sentence.contains(part));
}

TEST_CASE("a value of more than its bound is not parsed") {
  std::string json = R"({"address":"192.0.2.1","port":1})";
  json.resize(k_value_bytes_max, ' ');
  CHECK(read_x1(json).has_value());
  CHECK(sentence_of(json + ' ').contains("at most"));
}

TEST_CASE("what a check has said is kept where it is no UTF-8") {
  registry::InstanceRecord record;
  const auto read = read_x1(R"({"address":"192.0.2.1","port":8080,"checks":[{"type":"tcp"}]})");
  REQUIRE(read.has_value());
  record.registration = read->registration;
  record.standing.set_plan_result(true, "no \xff answer", {});
  const auto again = read_x1(write_instance(record, "a\xff"));
  REQUIRE(again.has_value());
  CHECK(again->standing.output() == "no ? answer");
  CHECK(again->by == "a?");
}

TEST_CASE("the ttl of a lease that was granted stays valid, whatever this node grants") {
  const registry::LeaseBounds narrow{std::chrono::seconds(30), std::chrono::seconds(20), std::chrono::seconds(40)};
  const auto read = read_instance(R"({"address":"192.0.2.1","port":1,"ttl":"2s"})", registry::ZoneId{3}, k_place,
                                  narrow, k_apex_bytes);
  REQUIRE(read.has_value());
  CHECK(read->registration.ttl == std::chrono::seconds(2));
  const auto standard =
      read_instance(R"({"address":"192.0.2.1","port":1})", registry::ZoneId{3}, k_place, narrow, k_apex_bytes);
  REQUIRE(standard.has_value());
  CHECK(standard->registration.ttl == std::chrono::seconds(30));
}

}  // namespace
}  // namespace rollcall::cluster
