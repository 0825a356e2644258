#include "ops/settings.h"

#include "catch.h"

namespace rollcall::ops {
namespace {

ZoneSettings zone_with(answer::AnswerPolicy policy) {
  ZoneSettings zone = default_zone(1);
  zone.policy = policy;
  return zone;
}

TEST_CASE("a service without a rule is answered as its zone says") {
  const ZoneSettings zone = zone_with({7, answer::WhenEmpty::servfail, 3});
  CHECK(policy_of(zone, {}, "web") == zone.policy);
  CHECK(policy_of(zone, {{"batch-*", 300, {}, {}}}, "web") == zone.policy);
}

TEST_CASE("the first rule that matches is laid over the zone's, and no other") {
  const ZoneSettings zone = zone_with({7, answer::WhenEmpty::servfail, 3});
  const std::vector<ServiceRule> rules{
      {"batch-*", 300, {}, {}}, {"b*", {}, answer::WhenEmpty::nxdomain, 1}, {"*", 9, {}, {}}};
  CHECK(policy_of(zone, rules, "batch-7") == answer::AnswerPolicy{300, answer::WhenEmpty::servfail, 3});
  CHECK(policy_of(zone, rules, "batch") == answer::AnswerPolicy{7, answer::WhenEmpty::nxdomain, 1});
  CHECK(policy_of(zone, rules, "web") == answer::AnswerPolicy{9, answer::WhenEmpty::servfail, 3});
}

TEST_CASE("a rule's pattern is a shell pattern, in any case") {
  const ZoneSettings zone = zone_with({});
  const auto matches = [&](const char* pattern, const char* service) {
    return policy_of(zone, {{pattern, 300, {}, {}}}, service).ttl_seconds == 300;
  };
  CHECK(matches("web", "web"));
  CHECK_FALSE(matches("web", "web2"));
  CHECK(matches("web?", "web2"));
  CHECK(matches("web[0-9]", "web2"));
  CHECK_FALSE(matches("web[!0-9]", "web2"));
  CHECK(matches("Batch-*", "batch-1"));
  CHECK_FALSE(matches("web", ""));
}

TEST_CASE("a reload names the keys that wait for a restart, and only those") {
  const Settings running = default_settings();
  Settings wanted = running;
  wanted.dns_ttl_seconds = 60;
  wanted.zones[0].policy.ttl_seconds = 60;
  wanted.zones[0].file = "other.zone";
  wanted.service_rules = {{"*", 5, {}, {}}};
  wanted.lease.max = std::chrono::hours(1);
  wanted.log_level = log::Level::debug;
  wanted.log_format = log::Format::json;
  CHECK(settings_that_need_a_restart(running, wanted).empty());

  wanted.dns_listen[0].port = 53;
  wanted.dns_workers = 4;
  wanted.udp_payload = 4096;
  wanted.max_tcp_connections = 1;
  wanted.http_listen[0].port = 80;
  wanted.max_http_connections = 1;
  wanted.store_path = "other.db";
  wanted.history_rows = 0;
  wanted.history_age = std::chrono::hours(1);
  wanted.forget_service_after = std::chrono::minutes(1);
  wanted.expiry.per_second = 1;
  wanted.zones.push_back(default_zone(1));
  CHECK(settings_that_need_a_restart(running, wanted) ==
        std::vector<std::string>{"dns.listen", "dns.workers", "dns.udp_payload", "dns.max_tcp_connections",
                                 "http.listen", "http.max_connections", "store.path", "history.rows", "history.age",
                                 "lease.forget_service_after", "lease.expire_per_second or lease.mass_silence_share",
                                 "zone"});
}

}  // namespace
}  // namespace rollcall::ops
