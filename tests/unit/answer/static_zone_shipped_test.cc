#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "answer/builtin_zone.h"
#include "answer/static_zone.h"
#include "catch.h"

namespace rollcall::answer {
namespace {

const std::filesystem::path k_zones = std::filesystem::path(ROLLCALL_SOURCE_DIR) / "zones";

TEST_CASE("every shipped zone file loads as the zone it is named after") {
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(k_zones)) {
    if (entry.path().extension() != ".zone") continue;
    INFO(entry.path());
    ++seen;
    auto file = dns::load_zone_file(entry.path(), *dns::Name::parse(entry.path().stem().string()));
    if (!file) FAIL(file.error().message);
    const auto zone = StaticZone::build(std::move(*file));
    if (!zone) FAIL(zone.error().message);
  }
  CHECK(seen > 0);
}

TEST_CASE("the built-in zone is the shipped file, octet by octet") {
  std::ifstream stream(k_zones / "svc.internal.zone", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  CHECK(builtin_zone_text() == text);
}

TEST_CASE("the shipped zone forgets within a second, and its server is on this host") {
  auto file = dns::parse_zone(builtin_zone_text(), *dns::Name::parse("svc.internal."), "built-in");
  REQUIRE(file);
  const auto zone = StaticZone::build(std::move(*file));
  REQUIRE(zone);
  CHECK(zone->negative_ttl() == 1);
  CHECK(zone->soa().ttl == 1);
  CHECK(dns::rdata_text(dns::Type::soa, zone->soa().rdatas.front()) ==
        "ns.svc.internal. hostmaster.svc.internal. 1 10 5 3600 1");
  const Node* server = zone->find(dns::Name::parse("ns.svc.internal.")->folded_wire());
  REQUIRE(server != nullptr);
  REQUIRE(server->find(dns::Type::a) != nullptr);
  REQUIRE(server->find(dns::Type::aaaa) != nullptr);
  CHECK(dns::rdata_text(dns::Type::a, server->find(dns::Type::a)->rdatas.front()) == "127.0.0.1");
  CHECK(dns::rdata_text(dns::Type::aaaa, server->find(dns::Type::aaaa)->rdatas.front()) == "::1");
}

TEST_CASE("the built-in zone serves a zone of any name") {
  auto file = dns::parse_zone(builtin_zone_text(), *dns::Name::parse("apps.example."), "built-in");
  REQUIRE(file);
  const auto zone = StaticZone::build(std::move(*file));
  REQUIRE(zone);
  CHECK(zone->find(dns::Name::parse("ns.apps.example.")->folded_wire()) != nullptr);
}

}  // namespace
}  // namespace rollcall::answer
