// GET /v1/explain as JSON, and the setting that takes explanations into the DNS.
#include "ops/explain_json.h"

#include <fstream>

#include "catch.h"
#include "ops/settings.h"

namespace rollcall::ops {
namespace {

using answer::Rule;

TEST_CASE("an explanation has its lists always, and the rest where it applies") {
  answer::Explained nothing;
  nothing.name = "nobody.example";
  nothing.type = "A";
  nothing.sentence = "nobody.example is in none of the zones served here.";
  nothing.rcode = dns::Rcode::refused;
  nothing.rule = Rule::outside;
  nothing.error = {20, "not ours"};
  CHECK(describe(nothing) ==
        R"({"name":"nobody.example","type":"A","sentence":"nobody.example is in none of the zones served here.",)"
        R"("rcode":"REFUSED","authoritative":false,"rule":"outside","answer":[],"authority":[],"additional":[],)"
        R"("ede":{"code":20,"text":"not ours"},"bytes":0,"truncated":false,"truncated_over_udp":false,)"
        R"("instances":0,"answered":0,"left_out":[]})");
}

TEST_CASE("records show who they stand for, and those left out since when") {
  answer::Explained web;
  web.way = {{"to-web.example", Rule::cname}, {"web.example", Rule::service}};
  web.answer = {{"web.example.", "A", 1, "192.0.2.1", Rule::service, {"i-1", "i-2"}}};
  web.additional = {{"ns.example.", "A", 60, "192.0.2.53", Rule::nothing, {}}};
  web.left_out = {
      {"i-3", "i-3", registry::Status::draining, answer::Reason::draining, registry::WallTime{}, "draining"}};
  web.left_out_more = 7;
  const std::string json = describe(web);
  const auto has = [&](std::string_view part) { return json.find(part) != std::string::npos; };
  CHECK(has(R"("way":[{"name":"to-web.example","rule":"cname"},{"name":"web.example","rule":"service"}])"));
  CHECK(has(R"("ttl":1,"data":"192.0.2.1","rule":"service","instances":["i-1","i-2"]})"));
  CHECK(has(R"("ttl":60,"data":"192.0.2.53"})"));
  CHECK(has(R"("status":"draining","reason":"draining","since":"1970-01-01T00:00:00.000Z","detail":"draining"})"));
  CHECK(has(R"("left_out_more":7})"));
}

TEST_CASE("the DNS explains nothing unless the settings say so, and a change of that waits for a restart") {
  const Settings standard = default_settings();
  CHECK_FALSE(standard.explain);
  const Result<Settings> asked = parse_settings("[dns]\nexplain = true\n", "rollcall.toml");
  REQUIRE(asked);
  CHECK(asked->explain);
  CHECK(settings_that_need_a_restart(standard, *asked) == std::vector<std::string>{"dns.explain"});
  std::ifstream file(ROLLCALL_SOURCE_DIR "/docs/rollcall.toml");
  const std::string example{std::istreambuf_iterator<char>(file), {}};
  CHECK(example.find("\nexplain = false ") != std::string::npos);
}

}  // namespace
}  // namespace rollcall::ops
