#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

#include "answer/zone/builtin_zone.h"
#include "answer/zone/static_zone.h"
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
    const auto zone = StaticZone::load(entry.path(), *dns::Name::parse(entry.path().stem().string()));
    if (!zone) FAIL(zone.error().message);
  }
  CHECK(seen > 0);
}

TEST_CASE("a file that is no zone is told by its name") {
  const auto gone = StaticZone::load(k_zones / "gone.zone", dns::Name());
  REQUIRE_FALSE(gone);
  CHECK(gone.error().message.starts_with((k_zones / "gone.zone").string() + ": "));

  std::string name = (std::filesystem::temp_directory_path() / "no-ns-XXXXXX").string();
  const int file = mkstemp(name.data());
  REQUIRE(file >= 0);
  close(file);
  std::ofstream(name) << "@ 5 SOA n h 1 2 3 4 5\n";
  const auto zone = StaticZone::load(name, *dns::Name::parse("c.test."));
  std::filesystem::remove(name);
  REQUIRE_FALSE(zone);
  CHECK(zone.error().message == name + ": c.test. has no NS record; the zone must name its servers");
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
