// [[token]], [[certificate]], and what opens the API.
#include "ops/access_settings.h"

#include <string>
#include <vector>

#include "base/limits.h"
#include "catch.h"
#include "ops/settings.h"
#include "unit/ops/settings_text.h"

namespace rollcall::ops {
namespace {

using namespace testing;

const std::string k_hash = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string k_other_hash = "sha256:" + std::string(64, '0');
const std::string k_tls = "[http.tls]\nlisten = [\"127.0.0.1:8543\"]\ncertificate = \"a.pem\"\nkey = \"a.key\"\n";

std::string token(const std::string& more, const std::string& hash = k_hash) {
  return "[[token]]\nhash = \"" + hash + "\"\n" + more + "\n";
}
std::string refused(const std::string& text) {
  const Result<Settings> settings = parse_settings(text, "t");
  return settings ? "" : settings.error().message;
}

TEST_CASE("host names of requests are kept in lower case and without a final dot") {
  CHECK(settings_of("[http]\nhosts = [\"Registry.Example.NET.\", \"*.apps.example\"]\n").access.hosts ==
        std::vector<std::string>{"registry.example.net", "*.apps.example"});
  CHECK(settings_of("").access.hosts.empty());
}

TEST_CASE("without a word about it, nobody needs a token and other machines may not write") {
  const api::AccessRules rules = access_rules_of(default_settings());
  CHECK_FALSE(rules.ask_for_credentials());
  CHECK_FALSE(rules.open);
  CHECK_FALSE(rules.open_metrics);
}

TEST_CASE("a token has a name, a hash, and what it may do") {
  const Settings settings = settings_of(
      "[http]\nopen_metrics = true\n[[zone]]\nname = \"a.test\"\n[[zone]]\nname = \"b.test\"\n" +
      token("name = \"deploy\"\nallow = \"write\"\nzones = [\"B.test.\"]\nservices = [\"web\", \"batch-*\"]") +
      token("name = \"ops\"\nallow = \"admin\"", k_other_hash));
  CHECK(check_access(settings).has_value());
  const api::AccessRules rules = access_rules_of(settings);
  REQUIRE(rules.tokens.size() == 2);
  CHECK(rules.open_metrics);
  CHECK(rules.tokens[0].name == "deploy");
  CHECK(rules.tokens[0].hash == sha256("abc"));
  CHECK(rules.tokens[0].grant.right == api::Right::write);
  CHECK(rules.tokens[0].grant.covers({registry::ZoneId{1}, "batch-7"}));
  CHECK_FALSE(rules.tokens[0].grant.covers({registry::ZoneId{0}, "batch-7"}));
  CHECK_FALSE(rules.tokens[0].grant.covers({registry::ZoneId{1}, "db"}));
  CHECK(rules.tokens[1].grant.right == api::Right::admin);
  CHECK(rules.tokens[1].grant.covers({registry::ZoneId{0}, "db"}));
}

TEST_CASE("a token whose only zone is not served is for none, not for all") {
  Settings settings =
      settings_of("[[zone]]\nname = \"a.test\"\n" + token("name = \"x\"\nallow = \"read\"\nzones = [\"b.test\"]"));
  CHECK(check_access(settings).error().message == "[[token]] \"x\": zones: b.test is no zone that is served here");
  CHECK_FALSE(access_rules_of(settings).tokens[0].grant.covers(registry::ZoneId{0}));
}

TEST_CASE("registrations without a lease are for those that are said to, and for admin") {
  Settings settings =
      settings_of("[[zone]]\nname = \"a.test\"\n" + token("name = \"x\"\nallow = \"write\"\nno_lease = true") +
                  token("name = \"y\"\nallow = \"admin\"", k_other_hash));
  const api::AccessRules rules = access_rules_of(settings);
  CHECK(rules.tokens.at(0).grant.no_lease);
  CHECK(rules.tokens.at(1).grant.no_lease);
  CHECK_FALSE(access_rules_of(settings_of("[[zone]]\nname = \"a.test\"\n" + token("name = \"x\"\nallow = \"write\"")))
                  .tokens.at(0)
                  .grant.no_lease);
  CHECK(refused(token("name = \"x\"\nallow = \"read\"\nno_lease = true")).find("is about registering") !=
        std::string::npos);
  CHECK(refused(token("name = \"x\"\nallow = \"admin\"\nno_lease = false")).find("admin is for everything") !=
        std::string::npos);
}

TEST_CASE("a token that says too little or too much is a sentence with its line") {
  CHECK(refused("[[token]]\nname = \"x\"\nallow = \"read\"\n") ==
        "t:1: token.hash: missing; `rollcalld --hash-token` prints the line");
  CHECK(refused(token("allow = \"read\"")).find("token.name: missing") != std::string::npos);
  CHECK(refused(token("name = \"x\"")).find("token.allow: missing") != std::string::npos);
  CHECK(refused(token("name = \"x\"\nallow = \"all\"")) ==
        "t:4: token.allow: \"all\" is not one of \"read\", \"write\", \"admin\"");
  CHECK(refused(token("name = \"x\"\nallow = \"read\"\nzone = \"a\"")).find("unknown key") != std::string::npos);
  CHECK(refused(token("name = \"x\"\nallow = \"read\"\nservices = [\"\"]")).find("shell pattern") != std::string::npos);
  CHECK(refused(token("name = \"\"\nallow = \"read\"")).find("1 to 64") != std::string::npos);
  CHECK(refused(token("name = \"a\\nb\"\nallow = \"read\"")).find("printable") != std::string::npos);
  CHECK(refused(token("name = \"x\"\nallow = \"admin\"\nservices = [\"web\"]")).find("leave zones and services out") !=
        std::string::npos);
  CHECK(refused("[http]\nopen = true\n" + token("name = \"x\"\nallow = \"read\"")).find("open = true") !=
        std::string::npos);
  CHECK(refused(token("name = \"x\"\nallow = \"read\"") + token("name = \"x\"\nallow = \"read\"", k_other_hash)) ==
        "t:7: token.name: is that of another [[token]]");
  CHECK(refused(token("name = \"x\"\nallow = \"read\"") + token("name = \"y\"\nallow = \"read\""))
            .find("token.hash: is that of another") != std::string::npos);
}

TEST_CASE("a token written where its hash belongs is not repeated") {
  const std::string sentence = refused(token("name = \"x\"\nallow = \"read\"", "the-secret-itself"));
  CHECK(sentence.find("--hash-token") != std::string::npos);
  CHECK(sentence.find("the-secret-itself") == std::string::npos);
}

TEST_CASE("client certificates need one who signs them and rules for those signed") {
  const std::string ca = k_tls + "client_ca = \"ca.pem\"\n";
  const std::string rule = "[[certificate]]\nmatch = \"*.test\"\nallow = \"write\"\nservices = [\"db\"]\n";
  const Settings settings = settings_of(ca + "client_certificates = \"required\"\n" + rule);
  CHECK(check_access(settings).has_value());
  CHECK(settings.http_tls.needs_client_certificate);
  CHECK(settings.http_tls.client_ca == "ca.pem");
  CHECK(access_rules_of(settings).certificates.at(0).match == "*.test");
  CHECK(access_rules_of(settings).ask_for_credentials());
  CHECK_FALSE(settings_of(ca + rule).http_tls.needs_client_certificate);
  CHECK(check_access(settings_of(ca)).error().message.find("no [[certificate]]") != std::string::npos);
  CHECK(refused(k_tls + rule).find("client_ca") != std::string::npos);
  CHECK(refused(ca + "client_certificates = \"maybe\"\n" + rule).find("\"optional\", \"required\"") !=
        std::string::npos);
  CHECK(refused(k_tls + "client_certificates = \"required\"\n").find("client_ca") != std::string::npos);
  CHECK(refused("[http.tls]\nclient_ca = \"ca.pem\"\n" + rule).find("listen") != std::string::npos);
  CHECK(refused("[dns.tls]\nclient_ca = \"ca.pem\"\n").find("unknown key") != std::string::npos);
}

TEST_CASE("the line for a token admits that token") {
  const Result<std::string> line = hash_token("0123456789abcdef\n");
  REQUIRE(line);
  const Settings settings = settings_of("[[token]]\nname = \"x\"\nallow = \"read\"\n" + *line);
  CHECK(settings.access.tokens.at(0).hash == sha256("0123456789abcdef"));
  CHECK_FALSE(hash_token("0123456789abcde\n"));
  CHECK_FALSE(hash_token("0123456789 abcdef"));
  CHECK_FALSE(hash_token(""));
  CHECK(hash_token(std::string(limits::k_token_bytes_max, 'x')));
  CHECK_FALSE(hash_token(std::string(limits::k_token_bytes_max + 1, 'x')));
}

}  // namespace
}  // namespace rollcall::ops
