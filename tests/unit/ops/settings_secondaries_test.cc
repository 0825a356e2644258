// Keys, transfers and notifications in a settings file.
#include <string>

#include "catch.h"
#include "unit/ops/settings_text.h"

namespace rollcall::ops {
namespace {

using namespace testing;

TEST_CASE("secondaries: keys, who may transfer a zone, who is notified") {
  const Settings settings = settings_of(R"(
[dns]
transfer_journal_bytes = 1000
[[key]]
name = "transfer"
algorithm = "HMAC-SHA512"
secret = "c2VjcmV0"
[[zone]]
name = "svc.internal"
transfer_to = ["192.0.2.0/24", "2001:db8::1"]
transfer_key = "Transfer."
notify = ["192.0.2.53", "[2001:db8::1]:5353", "2001:db8::2"]
[[zone]]
name = "lab.example"
)");
  CHECK(settings.transfer_journal_bytes == 1000);
  REQUIRE(settings.keys.size() == 1);
  CHECK(settings.keys[0].secret == "secret");
  CHECK(settings.keys[0].algorithm == dns::TsigAlgorithm::hmac_sha512);
  const TransferSettings& zone = settings.zones[0].transfers;
  CHECK(zone.rules.offers());
  CHECK(zone.rules.to == std::vector{*IpPrefix::parse("192.0.2.0/24"), *IpPrefix::parse("2001:db8::1")});
  CHECK(find_key(settings.keys, zone.rules.key) == settings.keys.data());
  CHECK(zone.notify == std::vector{*IpEndpoint::parse("192.0.2.53:53"), *IpEndpoint::parse("[2001:db8::1]:5353"),
                                   *IpEndpoint::parse("[2001:db8::2]:53")});
  CHECK_FALSE(settings.zones[1].transfers.rules.offers());
  CHECK(transfer_rules_of(settings).size() == 2);
}

TEST_CASE("secondaries: mistakes are told") {
  const std::string key = "[[key]]\nname = \"k\"\nsecret = \"c2VjcmV0\"\n";
  const std::string zone = "[[zone]]\nname = \"svc.internal\"\n";
  const auto is_told = [](const std::string& toml, const char* words) {
    CHECK_THAT(complaint_of(toml), Catch::Contains(words));
  };
  is_told("[[key]]\nname = \"k\"", "key.secret: missing");
  is_told("[[key]]\nsecret = \"c2VjcmV0\"", "key.name: missing");
  is_told("[[key]]\nname = \"k\"\nsecret = \"c2V\"", "must be base64");
  is_told("[[key]]\nname = \"k\"\nalgorithm = \"hmac-md5\"\nsecret = \"c2VjcmV0\"", "hmac-sha256");
  is_told(key + key, "is that of another");
  is_told(zone + "transfer_key = \"k\"", "no [[key]] has this name");
  is_told(zone + "transfer_to = [\"192.0.2.1/24\"]", "192.0.2.0/24");
  is_told(zone + "transfer_to = [\"192.0.2.0/24\"]\nnotify = [\"ns2\"]", "is no secondary");
  is_told(zone + "notify = [\"192.0.2.53\"]", "no server may fetch");
}

}  // namespace
}  // namespace rollcall::ops
