// Settings of health checks and of protection: read, bounded, laid over the zone's by a service's.
#include <string>

#include "catch.h"
#include "ops/settings.h"
#include "unit/ops/settings_text.h"

namespace rollcall::ops {
namespace {

using namespace testing;

std::string refusal(const std::string& toml) {
  const Result<Settings> settings = parse_settings(toml, "rollcall.toml");
  return settings ? "none" : settings.error().field;
}

TEST_CASE("as many checks may be under way as the settings say, and whom they ask may be bounded") {
  CHECK(settings_of("").checks_in_flight == 512);
  const Settings settings =
      settings_of("[checks]\nin_flight = 10000\nallow = [\"192.0.2.0/24\"]\ndeny = [\"192.0.2.7\"]\n");
  CHECK(settings.checks_in_flight == 10'000);
  const answer::AccessList access = check_access_of(settings);
  CHECK(access.permits(*IpAddress::parse("192.0.2.1")));
  CHECK_FALSE(access.permits(*IpAddress::parse("192.0.2.7")));
  CHECK_FALSE(access.permits(*IpAddress::parse("203.0.113.1")));
  CHECK(refusal("[checks]\nin_flight = 0\n") == "checks.in_flight");
  CHECK(refusal("[checks]\nin_flight = 10001\n") == "checks.in_flight");
  CHECK(refusal("[checks]\nallow = [\"web\"]\n") == "checks.allow");
}

TEST_CASE("protection is off unless a zone or a service asks for it") {
  const Settings settings = settings_of(
      "[[zone]]\nname = \"svc.internal\"\nprotect_threshold = 0.25\nprotect_for = \"1m\"\n"
      "[[service]]\nmatch = \"batch\"\nprotect_threshold = 0\n[[service]]\nmatch = \"web\"\nprotect_threshold = 1\n");
  const auto policy = [&](const char* service) {
    return policy_of(settings.zones[0], settings.service_rules, service);
  };
  CHECK(policy("other").protect_permille == 250);
  CHECK(policy("other").protect_for == std::chrono::minutes(1));
  CHECK(policy("batch").protect_permille == 0);
  CHECK(policy("web").protect_permille == 1000);
  CHECK(policy("web").protect_for == std::chrono::minutes(1));
  CHECK(default_zone(1).policy.protect_permille == 0);
  for (const char* wrong : {"1.001", "-0.5", "\"0.5\"", "nan", "true"}) {
    CHECK(refusal(std::string("[[service]]\nmatch = \"*\"\nprotect_threshold = ") + wrong + "\n") ==
          "service.protect_threshold");
  }
  CHECK(refusal("[[service]]\nmatch = \"*\"\nprotect_for = \"25h\"\n") == "service.protect_for");
}

}  // namespace
}  // namespace rollcall::ops
