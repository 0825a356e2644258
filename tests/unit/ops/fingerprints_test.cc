// Fingerprints: what nodes of a cluster must have in common, and what they may differ in.
#include "ops/fingerprints.h"

#include <string>
#include <vector>

#include "catch.h"
#include "dns/zone_file.h"
#include "unit/ops/settings_text.h"

namespace rollcall::ops {
namespace {

using namespace testing;

std::string hash_of_settings(std::string_view toml) { return settings_hash(settings_of(toml)); }

std::string hash_of_zone(std::string_view text) {
  const auto apex = dns::Name::parse("svc.internal");
  auto file = dns::parse_zone(text, *apex, "test");
  REQUIRE(file);
  auto records = answer::StaticZone::build(std::move(*file));
  REQUIRE(records);
  std::vector<answer::Zone> zones;
  zones.push_back({.id = {}, .records = std::move(*records), .policy = {}});
  return zones_hash(zones);
}

TEST_CASE("fingerprints: settings that change answers or promises change theirs") {
  const std::string plain = hash_of_settings("");
  CHECK(plain.size() == 12);
  CHECK(hash_of_settings("") == plain);
  for (const char* toml :
       {"[lease]\ndefault = \"20s\"", "[lease]\nmin = \"2s\"", "[lease]\nmax = \"1h\"",
        "[lease]\nforget_service_after = \"2h\"", "[dns]\nttl = \"2s\"", "[[zone]]\nname = \"lab.example\"",
        "[[zone]]\nname = \"svc.internal\"\nwhen_empty = \"servfail\"",
        "[[zone]]\nname = \"svc.internal\"\nanswer_limit = 3",
        "[[zone]]\nname = \"svc.internal\"\nprotect_threshold = 0.5", "[[service]]\nmatch = \"batch-*\"",
        "[[service]]\nmatch = \"batch-*\"\nttl = \"1s\""}) {
    INFO(toml);
    CHECK(hash_of_settings(toml) != plain);
  }
  CHECK(hash_of_settings("[[service]]\nmatch = \"a\"\nttl = \"1s\"") !=
        hash_of_settings("[[service]]\nmatch = \"a\"\nanswer_limit = 1"));
}

TEST_CASE("fingerprints: what nodes may differ in changes nothing") {
  const std::string plain = hash_of_settings("");
  for (const char* toml : {"[dns]\nlisten = [\"127.0.0.1:53\"]", "[http]\nlisten = [\"127.0.0.1:80\"]",
                           "[store]\npath = \"other.db\"", "[log]\nlevel = \"debug\"", "[checks]\nin_flight = 1",
                           "[[zone]]\nname = \"svc.internal\"\nfile = \"elsewhere\"",
                           "[cluster]\nname = \"p\"\nnode = \"a\"\netcd = [\"a:1\"]\npeers = \"127.0.0.1:1\""}) {
    INFO(toml);
    CHECK(hash_of_settings(toml) == plain);
  }
}

TEST_CASE("fingerprints: records of a zone, whatever their order") {
  const std::string head = "@ 60 IN SOA ns hostmaster 1 60 60 60 1\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n";
  const std::string zone = hash_of_zone(head + "www 60 IN A 192.0.2.2\nwww 60 IN A 192.0.2.3\n");
  CHECK(zone.size() == 12);
  CHECK(hash_of_zone(head + "WWW 60 IN A 192.0.2.3\nwww 60 IN A 192.0.2.2\n; a comment\n") == zone);
  CHECK(hash_of_zone(head + "www 60 IN A 192.0.2.2\n") != zone);
  CHECK(hash_of_zone(head + "www 30 IN A 192.0.2.2\nwww 30 IN A 192.0.2.3\n") != zone);
  CHECK(hash_of_zone(head + "www 60 IN A 192.0.2.2\nweb 60 IN A 192.0.2.3\n") != zone);
}

}  // namespace
}  // namespace rollcall::ops
