// An instance as the roll keeps it: one block of memory, from which everything that was asked for comes back.
#include "registry/instance/instance.h"

#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "catch.h"
#include "health/plan_json.h"

namespace rollcall::registry {
namespace {

using namespace std::chrono_literals;

constexpr LeaseTime k_now{1h};
constexpr WallTime k_first{5s};

Registration least() {
  Registration asked;
  asked.key = {{ZoneId{0}, "w"}, "1"};
  asked.addresses = {*IpAddress::parse("192.0.2.1")};
  asked.port = 1;
  asked.ttl = limits::k_lease_min;
  return asked;
}

// At every bound of a registration.
Registration most() {
  Registration asked;
  asked.key = {{ZoneId{999}, std::string(limits::k_label_bytes_max, 's')}, {}};
  for (std::size_t i = 0; i < limits::k_id_characters_max; ++i) asked.key.id += "\xf0\x9f\x90\x99";
  for (std::size_t i = 0; i < limits::k_addresses_max; ++i) {
    const std::string text = std::to_string(i + 1);
    asked.addresses.push_back(*IpAddress::parse(i % 2 == 0 ? "2001:db8::" + text : "192.0.2." + text));
  }
  asked.port = 65535;
  asked.protocol = Protocol::udp;
  asked.priority = 65535;
  asked.weight = 65535;
  for (char c = 'a'; asked.tags.size() < limits::k_tags_max; ++c) {
    asked.tags.push_back(std::string(limits::k_label_bytes_max - 1, 't') + c);
  }
  asked.meta = {{std::string(limits::k_meta_key_max, 'k'), std::string(limits::k_meta_bytes_max - 65, 'v')}, {"x", ""}};
  asked.ttl = limits::k_lease_max;
  asked.health = *health::parse_plan(R"({"checks":[{"type":"tcp","interval":"10s"}]})");
  return asked;
}

std::unique_ptr<Instance> instance_of(const Registration& asked, const Standing& standing = Status::ready) {
  return Instance::make(asked, standing, 7, k_first, k_now);
}

}  // namespace

TEST_CASE("an instance gives back the registration it was made of, the least and the most there can be") {
  for (const Registration& asked : {least(), most()}) {
    const auto instance = instance_of(asked);
    CHECK(instance->registration() == asked);
    CHECK(instance->is_as(asked));
    CHECK(instance->key() == asked.key.ref());
    CHECK(instance->label() == label_of(asked.key.id));
    CHECK(instance->lease.expires_at() == k_now + asked.ttl);
    CHECK(instance->index == 7);
    CHECK(instance->registered_at == k_first);
  }
}

TEST_CASE("an instance keeps as many pairs of meta as there can be") {
  Registration asked = least();
  for (char first = '!'; asked.meta.size() < limits::k_meta_bytes_max / 2; ++first) {
    for (char second = '!'; second < '~' && asked.meta.size() < limits::k_meta_bytes_max / 2; ++second) {
      asked.meta.emplace_back(std::string{first, second}, "");
    }
  }
  CHECK(instance_of(asked)->registration() == asked);
}

TEST_CASE("an instance gives back its standing") {
  Standing standing(Status::critical, k_first);
  standing.is_draining = true;
  standing.set_plan_result(true, std::string(limits::k_check_output_bytes_max, 'o'), k_first);
  const auto instance = instance_of(most(), standing);
  CHECK(instance->standing() == standing);
  CHECK(instance->status == Status::draining);
  CHECK(instance_of(least())->standing() == Standing(Status::ready));
}

TEST_CASE("whatever is asked otherwise is another registration") {
  const auto instance = instance_of(most());
  const auto differs = [&](auto&& change) {
    Registration other = most();
    change(other);
    return !instance->is_as(other);
  };
  CHECK(differs([](Registration& r) { r.key.service.zone = ZoneId{0}; }));
  CHECK(differs([](Registration& r) { r.key.service.name.back() = 'x'; }));
  CHECK(differs([](Registration& r) { r.key.id.pop_back(); }));
  CHECK(differs([](Registration& r) { std::swap(r.addresses[0], r.addresses[1]); }));
  CHECK(differs([](Registration& r) { r.addresses.pop_back(); }));
  CHECK(differs([](Registration& r) { r.port = 1; }));
  CHECK(differs([](Registration& r) { r.protocol = Protocol::tcp; }));
  CHECK(differs([](Registration& r) { r.priority = 1; }));
  CHECK(differs([](Registration& r) { r.weight = 1; }));
  CHECK(differs([](Registration& r) { r.tags.pop_back(); }));
  CHECK(differs([](Registration& r) { r.meta[1].second = "y"; }));
  CHECK(differs([](Registration& r) { r.ttl -= 1ms; }));
  CHECK(differs([](Registration& r) { r.health = {}; }));
}

TEST_CASE("an instance without a plan, tags or meta is no larger than its fields and its names") {
  // A million of them are held (docs/performance.md).
  CHECK(sizeof(Instance) <= 144);
}

}  // namespace rollcall::registry
