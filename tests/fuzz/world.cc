#include "fuzz/world.h"

#include <span>
#include <utility>

#include "fuzz/targets.h"
#include "registry/instance/registration.h"

namespace rollcall::fuzz {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t k_journal_bytes_max = std::size_t{1} << 16;

dns::Name apex() { return *dns::Name::parse("c.test."); }

std::vector<answer::Zone> zones_of_the_tests() {
  auto records = answer::StaticZone::load(ROLLCALL_SOURCE_DIR "/tests/conformance/c.test.zone", apex());
  expect(records.has_value(), "the zone of the conformance tests loads");
  std::vector<answer::Zone> all;
  all.push_back({.id = {}, .records = std::move(*records), .policy = {}, .apex_labels = 0});
  return all;
}

answer::ConsulSettings consul_settings() {
  return {.domain = *dns::Name::parse("consul."),
          .node = "Node.1",
          .node_address = answer::ConsulAddress::parse("192.0.2.100"),
          .datacenters = {dns::Name::parse("dc.one")}};
}

answer::AnswerPolicy no_policy(const registry::ServiceRef&) { return {}; }

}  // namespace

const World& World::the() {
  static const World& world = *new World;
  return world;
}

World::World()
    : zones_(zones_of_the_tests(), answer::make_consul_zone(consul_settings(), &names_)),
      roster_(zones_, &no_policy),
      names_(consul_settings(), zones_, roster_, facts_, &queries_),
      transfers_(zones_, &no_policy, {{.to = {*IpPrefix::parse("192.0.2.0/24")}, .key = {}}}, k_journal_bytes_max),
      registry_(journal_, *this, zones_, 1h) {
  transfers_.tick(registry_, [](const auto&) { return true; });
  add("web", "i-1", {"192.0.2.101"}, 3600s);
  add("web", "i-2", {"192.0.2.102", "2001:db8::102"}, 100s, {"blue", "hot"}, registry::Protocol::udp);
  add("web", "An odd id?", {"2001:db8::103"}, 50s);
  transfers_.tick(registry_, [](const auto&) { return true; });
  for (int i = 0; i < 100; ++i) {
    add("fleet", "m-" + std::to_string(i), {"198.51.100." + std::to_string(i)}, std::chrono::seconds(10 + 2 * i));
  }
  transfers_.tick(registry_, [](const auto&) { return true; });
  add("brief", "i-1", {"192.0.2.104"}, 1s);
  add_free("free name", "a/b", {}, {}, {"V1", "x.y=z"}, R"({"weights":{"passing":3,"warning":0}})", 80);
  add_free("free name", "v1", {"192.0.2.106"}, {}, {"v1"}, {}, 0);
  add_free("host", "h", {}, "www.c.test", {}, {}, 80);
  add_free("a.b", "1", {}, {}, {}, R"({"node":{"name":"n.one","address":"192.0.2.107","meta":{"k":"v"}}})", 80);
  add("left", "i-1", {"192.0.2.105"}, 3600s);
  transfers_.tick(registry_, [](const auto&) { return true; });
  const registry::Change gone = registry::Deregister{registry::InstanceKey{{registry::ZoneId{}, "left"}, "i-1"}};
  static_cast<void>(registry_.apply(std::span(&gone, 1), clock_, {}));
  transfers_.tick(registry_, [](const auto&) { return true; });
}

void World::publish(const registry::Service& service) {
  facts_.publish(service);
  roster_.publish(service);
  transfers_.publish(service);
}

void World::withdraw(const registry::ServiceRef& service) {
  facts_.withdraw(service);
  roster_.withdraw(service);
  transfers_.withdraw(service);
}

void World::add(std::string service, std::string id, const std::vector<std::string>& addresses,
                std::chrono::seconds lease, std::vector<std::string> tags, registry::Protocol protocol) {
  registry::Registration draft;
  draft.key = {{{}, std::move(service)}, std::move(id)};
  for (const std::string& address : addresses) draft.addresses.push_back(*IpAddress::parse(address));
  draft.port = 8080;
  draft.protocol = protocol;
  draft.tags = std::move(tags);
  draft.ttl = lease;
  auto registration = registry::normalise(std::move(draft), {}, apex().wire().size());
  fuzz::expect(registration.has_value(), "the roll's registrations are good");
  const registry::Change change = registry::Register{std::move(*registration)};
  fuzz::expect(registry_.apply(std::span(&change, 1), clock_, {}).front().has_value(), "the roll takes them");
}

// As the door of Consul's clients would register it.
void World::add_free(std::string service, std::string id, const std::vector<std::string>& addresses, std::string host,
                     std::vector<std::string> tags, std::string attributes, std::uint16_t port) {
  registry::Registration draft;
  draft.key = {{{}, std::move(service)}, std::move(id)};
  for (const std::string& address : addresses) draft.addresses.push_back(*IpAddress::parse(address));
  draft.port = port;
  draft.tags = std::move(tags);
  draft.host = std::move(host);
  draft.lease = registry::LeaseKind::none;
  draft.door = registry::Door::consul;
  draft.attributes = std::move(attributes);
  auto registration =
      registry::normalise(std::move(draft), {}, apex().wire().size(), registry::rules_of_row(registry::Door::consul));
  fuzz::expect(registration.has_value(), "the roll's free registrations are good");
  const registry::Change change = registry::Register{std::move(*registration)};
  fuzz::expect(registry_.apply(std::span(&change, 1), clock_, {}).front().has_value(), "the roll takes them");
}

}  // namespace rollcall::fuzz
