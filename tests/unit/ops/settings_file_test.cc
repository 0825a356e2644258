#include <fstream>
#include <iterator>
#include <string>

#include "catch.h"
#include "unit/ops/settings_text.h"

namespace rollcall::ops {
namespace {

using namespace testing;

using namespace std::chrono_literals;

void check_defaults(const Settings& settings) {
  CHECK(settings.dns_listen == std::vector{*IpEndpoint::parse("127.0.0.1:8600")});
  CHECK(settings.dns_workers == 0);
  CHECK(settings.dns_ttl_seconds == 1);
  CHECK(settings.udp_payload == 1232);
  CHECK(settings.max_tcp_connections == 1000);
  CHECK(settings.http_listen == std::vector{*IpEndpoint::parse("127.0.0.1:8500")});
  CHECK(settings.max_http_connections == 10'000);
  CHECK(settings.store_path == "rollcall.db");
  CHECK(settings.history_rows == 100'000);
  CHECK(settings.history_age == 24h * 7);
  CHECK(settings.lease.standard == 15s);
  CHECK(settings.lease.min == 1s);
  CHECK(settings.lease.max == 24h);
  CHECK(settings.forget_service_after == 1h);
  CHECK(settings.expiry == registry::ExpiryRule{.per_second = 0, .silent_share = 0.5});
  REQUIRE(settings.zones.size() == 1);
  CHECK(settings.zones[0].name.text() == "svc.internal.");
  CHECK(settings.zones[0].file.empty());
  CHECK(settings.zones[0].policy == answer::AnswerPolicy{1, answer::WhenEmpty::nodata, 0});
  CHECK(settings.service_rules.empty());
  CHECK(settings.log_level == log::Level::info);
  CHECK(settings.log_format == log::Format::text);
}

TEST_CASE("an empty settings file means the defaults") {
  check_defaults(default_settings());
  check_defaults(settings_of(""));
  check_defaults(settings_of("[dns]\n[http]\n[store]\n[lease]\n[log]\n"));
}

TEST_CASE("the history is bounded by rows and by age, or switched off") {
  const Settings settings = settings_of("[history]\nrows = 0\nage = '1s'\n");
  CHECK(settings.history_rows == 0);
  CHECK(settings.history_age == 1s);
  CHECK(settings_of("[history]\nrows = 100000000\nage = '87600h'\n").history_rows ==
        limits::k_history_rows_setting_max);
  for (const char* wrong : {"rows = -1", "rows = 100000001", "age = '999ms'", "age = '87601h'", "days = 7"}) {
    CHECK_FALSE(complaint_of(std::string("[history]\n") + wrong + "\n").empty());
  }
}

TEST_CASE("the commented example shows every key at its default") {
  std::ifstream file(ROLLCALL_SOURCE_DIR "/docs/rollcall.toml");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  REQUIRE_FALSE(text.empty());
  check_defaults(settings_of(text));
  for (const char* key : {"listen",
                          "workers",
                          "ttl",
                          "udp_payload",
                          "max_tcp_connections",
                          "nsid",
                          "version",
                          "hostname",
                          "cookies",
                          "cookie_secrets",
                          "max_connections",
                          "path",
                          "rows",
                          "age",
                          "default",
                          "min",
                          "max",
                          "forget_service_after",
                          "expire_per_second",
                          "mass_silence_share",
                          "name",
                          "file",
                          "when_empty",
                          "answer_limit",
                          "match",
                          "level",
                          "format"}) {
    INFO(key);
    CHECK(text.find(std::string(key) + " = ") != std::string::npos);
  }
}

TEST_CASE("a share is a number from 0 to 1") {
  CHECK(settings_of("[lease]\nmass_silence_share = 0.25").expiry.silent_share == 0.25);
  CHECK(complaint_of("[lease]\nmass_silence_share = 1.01") ==
        "rollcall.toml:2: lease.mass_silence_share: must be a number from 0 to 1, not 1.01");
  CHECK(complaint_of("[lease]\nmass_silence_share = nan").contains("must be a number from 0 to 1"));
  CHECK(complaint_of("[lease]\nmass_silence_share = \"half\"").contains("must be a number, not a string"));
  CHECK(complaint_of("[lease]\nexpire_per_second = -1").contains("lease.expire_per_second"));
  CHECK(complaint_of("[lease]\nexpire_per_second = 1000001").contains("lease.expire_per_second"));
}

TEST_CASE("every key of the settings file is taken over") {
  const Settings settings = settings_of(R"(
[dns]
listen = ["192.0.2.1:53", "[2001:db8::1]:53", "127.0.0.1:0", "127.0.0.1:0"]
workers = 256
ttl = "1m30s"
udp_payload = 65535
max_tcp_connections = 1
[http]
listen = ["[::]:80"]
max_connections = 7
[store]
path = "/var/lib/rollcall/rollcall.db"
[lease]
default = 30
min = "1500ms"
max = "1h"
forget_service_after = 0
expire_per_second = 1000
mass_silence_share = 1
[[zone]]
name = "Svc.Example.NET."
file = "net.zone"
ttl = 5
when_empty = "servfail"
answer_limit = 8
[[zone]]
name = "lab.example"
[[service]]
match = "batch-*"
ttl = 300
answer_limit = 1
when_empty = "nxdomain"
[[service]]
match = "*"
[log]
level = "debug"
format = "json"
)");
  REQUIRE(settings.dns_listen.size() == 4);
  CHECK(settings.dns_listen[0].text() == "192.0.2.1:53");
  CHECK(settings.dns_listen[1].text() == "[2001:db8::1]:53");
  CHECK(settings.dns_workers == 256);
  CHECK(settings.dns_ttl_seconds == 90);
  CHECK(settings.udp_payload == 65535);
  CHECK(settings.max_tcp_connections == 1);
  REQUIRE(settings.http_listen.size() == 1);
  CHECK(settings.http_listen[0].text() == "[::]:80");
  CHECK(settings.max_http_connections == 7);
  CHECK(settings.store_path == "/var/lib/rollcall/rollcall.db");
  CHECK(settings.lease.standard == 30s);
  CHECK(settings.lease.min == 1500ms);
  CHECK(settings.lease.max == 1h);
  CHECK(settings.forget_service_after == 0s);
  CHECK(settings.expiry == registry::ExpiryRule{.per_second = 1000, .silent_share = 1.0});
  REQUIRE(settings.zones.size() == 2);
  CHECK(settings.zones[0].name == *dns::Name::parse("svc.example.net"));
  CHECK(settings.zones[0].file == "net.zone");
  CHECK(settings.zones[0].policy == answer::AnswerPolicy{5, answer::WhenEmpty::servfail, 8});
  CHECK(settings.zones[1].file.empty());
  CHECK(settings.zones[1].policy == answer::AnswerPolicy{90, answer::WhenEmpty::nodata, 0});
  REQUIRE(settings.service_rules.size() == 2);
  CHECK(settings.service_rules[0] == ServiceRule{"batch-*", 300, answer::WhenEmpty::nxdomain, 1});
  CHECK(settings.service_rules[1] == ServiceRule{"*", {}, {}, {}});
  CHECK(settings.log_level == log::Level::debug);
  CHECK(settings.log_format == log::Format::json);
}

TEST_CASE("zones that come before [dns] in the file take its ttl all the same") {
  CHECK(settings_of("[[zone]]\nname = \"a.example\"\n[dns]\nttl = 7\n").zones[0].policy.ttl_seconds == 7);
  CHECK(settings_of("[dns]\nttl = 7\n").zones[0].policy.ttl_seconds == 7);
}

TEST_CASE("a file that is named is kept, also when it is the default one") {
  CHECK(settings_of("[[zone]]\nname = \"svc.internal\"\nfile = \"zones/svc.internal.zone\"\n").zones[0].file ==
        "zones/svc.internal.zone");
  CHECK(settings_of("[[zone]]\nname = \"a.example\"\nfile = \"zones/svc.internal.zone\"\n").zones[0].file ==
        "zones/svc.internal.zone");
}

TEST_CASE("an unknown key is named with file, line, and the keys there are") {
  CHECK(complaint_of("[dns]\nttl = 1\n\n\n\n\nwrokers = 3\n")
            .starts_with("rollcall.toml:7: dns.wrokers: unknown key; [dns] has listen, workers, ttl, udp_payload, "));
  CHECK(complaint_of("[http]\nport = 80\n")
            .starts_with("rollcall.toml:2: http.port: unknown key; [http] has listen, max_connections, "));
  CHECK(complaint_of("[store]\nfile = 'x'\n") == "rollcall.toml:2: store.file: unknown key; [store] has path");
  CHECK(complaint_of("[lease]\nttl = 1\n") ==
        "rollcall.toml:2: lease.ttl: unknown key; [lease] has default, min, max, forget_service_after, "
        "expire_per_second, mass_silence_share");
  CHECK(complaint_of("[[zone]]\nname = 'a.example'\nttls = 1\n") ==
        "rollcall.toml:3: zone.ttls: unknown key; [[zone]] has name, file, ttl, when_empty, answer_limit, "
        "protect_threshold, protect_for, transfer_to, "
        "transfer_key, notify");
  CHECK(complaint_of("[[service]]\nmatch = '*'\nname = 'a'\n") ==
        "rollcall.toml:3: service.name: unknown key; [[service]] has match, ttl, when_empty, answer_limit, "
        "protect_threshold, protect_for");
  CHECK(complaint_of("[log]\nfile = 'x'\n") == "rollcall.toml:2: log.file: unknown key; [log] has level, format");
  CHECK(
      complaint_of("\n[dnss]\n") ==
      "rollcall.toml:2: dnss: unknown key; the file has [dns], [http], [store], "
      "[history], [lease], [checks], [[key]], [[zone]], [[service]], [[token]], [[certificate]], [consul], [cluster], "
      "[etcd], [log]");
}

TEST_CASE("of several mistakes the first in the file is reported") {
  CHECK(complaint_of("[log]\nlevel = 'loud'\n[dns]\nworkers = -1\n").starts_with("rollcall.toml:2: log.level: "));
  CHECK(complaint_of("[dns]\nfoo = 1\nworkers = -1\n").starts_with("rollcall.toml:2: dns.foo: "));
}

TEST_CASE("a value of the wrong type is named with file, line and key") {
  CHECK(complaint_of("[dns]\nworkers = \"4\"\n") == "rollcall.toml:2: dns.workers: must be an integer, not a string");
  CHECK(complaint_of("[dns]\nttl = true\n") ==
        "rollcall.toml:2: dns.ttl: must be a duration, as \"15s\" or an integer of seconds, not a boolean");
  CHECK(complaint_of("[dns]\nlisten = \"127.0.0.1:53\"\n") ==
        "rollcall.toml:2: dns.listen: must be an array of strings, as [\"127.0.0.1:8600\"], not a string");
  CHECK(complaint_of("[http]\nlisten = [\n  \"127.0.0.1:80\",\n  81,\n]\n") ==
        "rollcall.toml:4: http.listen: must be an array of strings; this is an integer");
  CHECK(complaint_of("[store]\npath = 1.5\n") == "rollcall.toml:2: store.path: must be a string, not a float");
  CHECK(complaint_of("dns = 1\n") == "rollcall.toml:1: dns: must be one table; write [dns]");
  CHECK(complaint_of("[[dns]]\nworkers = 1\n") == "rollcall.toml:1: dns: must be one table; write [dns]");
  CHECK(complaint_of("[zone]\nname = 'a.example'\n") ==
        "rollcall.toml:1: zone: must be a list of tables; write [[zone]] above each");
}

TEST_CASE("a value out of its range is refused with the range") {
  CHECK(complaint_of("[dns]\nworkers = 257\n") == "rollcall.toml:2: dns.workers: must be 0 to 256, not 257");
  CHECK(complaint_of("[dns]\nworkers = -1\n") == "rollcall.toml:2: dns.workers: must be 0 to 256, not -1");
  CHECK(complaint_of("[dns]\nudp_payload = 511\n") ==
        "rollcall.toml:2: dns.udp_payload: must be 512 to 65535, not 511");
  CHECK(complaint_of("[dns]\nudp_payload = 65536\n") ==
        "rollcall.toml:2: dns.udp_payload: must be 512 to 65535, not 65536");
  CHECK(complaint_of("[dns]\nmax_tcp_connections = 0\n") ==
        "rollcall.toml:2: dns.max_tcp_connections: must be 1 to 1000000, not 0");
  CHECK(complaint_of("[http]\nmax_connections = 1000001\n") ==
        "rollcall.toml:2: http.max_connections: must be 1 to 1000000, not 1000001");
  CHECK(complaint_of("[[zone]]\nname = 'a.example'\nanswer_limit = -1\n") ==
        "rollcall.toml:3: zone.answer_limit: must be 0 to 65535, not -1");
  CHECK(complaint_of("[[service]]\nmatch = '*'\nanswer_limit = 65536\n") ==
        "rollcall.toml:3: service.answer_limit: must be 0 to 65535, not 65536");
}

TEST_CASE("the ttl of answers is at least one second, and whole") {
  CHECK(complaint_of("[dns]\nttl = 0\n") == "rollcall.toml:2: dns.ttl: must be 1s to 1d, not 0s");
  CHECK(complaint_of("[dns]\nttl = '500ms'\n") == "rollcall.toml:2: dns.ttl: must be 1s to 1d, not 500ms");
  CHECK(complaint_of("[dns]\nttl = -9223372036854775808\n") ==
        "rollcall.toml:2: dns.ttl: must be 1s to 1d, not a negative duration");
  CHECK(complaint_of("[dns]\nttl = 86401\n") == "rollcall.toml:2: dns.ttl: must be 1s to 1d, not 1d1s");
  CHECK(complaint_of("[dns]\nttl = '1500ms'\n") ==
        "rollcall.toml:2: dns.ttl: must be whole seconds: a TTL in the DNS has no fractions");
  CHECK(complaint_of("[dns]\nttl = 'soon'\n") ==
        "rollcall.toml:2: dns.ttl: \"soon\" is not a duration; write one as \"500ms\", \"15s\", \"1m30s\", or an "
        "integer of seconds");
}

TEST_CASE("the bounds of leases rise from min over default to max, within one second and one day") {
  CHECK(complaint_of("[lease]\nmin = '999ms'\n") == "rollcall.toml:2: lease.min: must be 1s to 1d, not 999ms");
  CHECK(complaint_of("[lease]\nmax = '25h'\n") == "rollcall.toml:2: lease.max: must be 1s to 1d, not 1d1h");
  CHECK(complaint_of("[lease]\nmin = '20s'\n") ==
        "rollcall.toml:2: lease.min: is above lease.default, 15s; min, default and max must rise in this order");
  CHECK(complaint_of("[lease]\nmax = '10s'\n") ==
        "rollcall.toml:2: lease.max: is below lease.default, 15s; min, default and max must rise in this order");
  CHECK(complaint_of("[lease]\nmin = '5s'\nmax = '30s'\ndefault = '3s'\n") ==
        "rollcall.toml:2: lease.min: is above lease.default, 3s; min, default and max must rise in this order");
  const Settings one_length = settings_of("[lease]\nmin = 20\ndefault = 20\nmax = 20\n");
  CHECK(one_length.lease.min == one_length.lease.max);
}

TEST_CASE("listening nowhere, twice at one place, or at what is no address is refused") {
  CHECK(complaint_of("[dns]\nlisten = []\n") == "rollcall.toml:2: dns.listen: must have at least one ADDR:PORT");
  CHECK(complaint_of("[dns]\nlisten = [\"127.0.0.1:53\",\n\"127.0.0.1:53\"]\n") ==
        "rollcall.toml:3: dns.listen: 127.0.0.1:53 is listed twice");
  CHECK(complaint_of("[http]\nlisten = [\"localhost:80\"]\n") ==
        "rollcall.toml:2: http.listen: \"localhost:80\" is not ADDR:PORT; write an IP address and a port, as "
        "\"127.0.0.1:8600\" or \"[::1]:8600\"");
  CHECK(complaint_of("[http]\nlisten = [\"224.0.0.251:5353\"]\n") ==
        "rollcall.toml:2: http.listen: \"224.0.0.251:5353\" is a multicast address, where nothing can listen");
}

TEST_CASE("a zone has a name of its own") {
  CHECK(complaint_of("[[zone]]\nttl = 1\n") ==
        "rollcall.toml:1: zone.name: missing; every [[zone]] has one, as name = \"svc.internal\"");
  CHECK(complaint_of("[[zone]]\nname = \"svc..internal\"\n") ==
        "rollcall.toml:2: zone.name: \"svc..internal\" is not a domain name; write one as \"svc.internal\"");
  CHECK(complaint_of("[[zone]]\nname = \"\"\n") ==
        "rollcall.toml:2: zone.name: \"\" is not a domain name; write one as \"svc.internal\"");
  CHECK(complaint_of("[[zone]]\nname = \".\"\n") ==
        "rollcall.toml:2: zone.name: the root cannot be a zone of services; write \"svc.internal\"");
  CHECK(complaint_of("[[zone]]\nname = \"a.example\"\n[[zone]]\nname = \"A.Example.\"\n") ==
        "rollcall.toml:4: zone.name: zone A.Example is listed twice");
  CHECK(complaint_of("[[zone]]\nname = 'a.example'\nfile = ''\n") ==
        "rollcall.toml:3: zone.file: must name a file, and is empty");
  CHECK(complaint_of("[[zone]]\nname = 'a.example'\nwhen_empty = 'NODATA'\n") ==
        "rollcall.toml:3: zone.when_empty: \"NODATA\" is not one of \"nodata\", \"nxdomain\", \"servfail\"");
}

TEST_CASE("a service rule says what it matches") {
  CHECK(complaint_of("[[service]]\nttl = 1\n") ==
        "rollcall.toml:1: service.match: missing; every [[service]] has one, as match = \"batch-*\"");
  CHECK(complaint_of("[[service]]\nmatch = ''\n") ==
        "rollcall.toml:2: service.match: must be a shell pattern, as \"batch-*\"");
}

TEST_CASE("the log has a level and a format from short lists") {
  CHECK(complaint_of("[log]\nlevel = 'loud'\n") ==
        "rollcall.toml:2: log.level: \"loud\" is not one of \"trace\", \"debug\", \"info\", \"warn\", \"error\"");
  CHECK(complaint_of("[log]\nformat = 'xml'\n") ==
        "rollcall.toml:2: log.format: \"xml\" is not one of \"text\", \"json\"");
}

TEST_CASE("a mistake in the TOML itself is named with file, line and column, in one line") {
  for (const char* broken : {"[dns]\nworkers = \n", "[dns]\nworkers = 1\nworkers = 2\n", "[dns\n", "a = \"\n\"\n",
                             "x = 1\r\n\ty z\n", "\xff\xfe"}) {
    const std::string complaint = complaint_of(broken);
    INFO(complaint);
    CHECK(complaint.starts_with("rollcall.toml:"));
    CHECK(complaint.find('\n') == std::string::npos);
  }
  CHECK(complaint_of("[dns]\nworkers = 1\nworkers = 2\n") ==
        "rollcall.toml:3:11: is no TOML, in the key-value pair: cannot redefine existing integer 'workers'");
}

TEST_CASE("a file of 32 MiB is read, and one byte more is refused") {
  const std::string comment = "#" + std::string(limits::k_settings_bytes_max - 2, 'x') + "\n";
  check_defaults(settings_of(comment));
  CHECK(complaint_of(comment + "\n") == "rollcall.toml: is over 33554432 bytes, so it is not a settings file");
}

TEST_CASE("64 addresses may be listened at, and not 65") {
  std::string list;
  for (std::size_t port = 1; port <= limits::k_listen_max; ++port) list += "'127.0.0.1:" + std::to_string(port) + "',";
  CHECK(settings_of("[dns]\nlisten = [" + list + "]").dns_listen.size() == limits::k_listen_max);
  CHECK(complaint_of("[dns]\nlisten = [" + list + "'127.0.0.1:100']") ==
        "rollcall.toml:2: dns.listen: more than 64 addresses");
}

TEST_CASE("200,000 zones may be written, each once, and not one more") {
  std::string zones;
  for (std::size_t each = 0; each < limits::k_zones_max - 1; ++each) {
    zones += "[[zone]]\nname='z" + std::to_string(each) + ".test'\n";
  }
  CHECK(settings_of(zones + "[[zone]]\nname='last.test'\n").zones.size() == limits::k_zones_max);
  CHECK_THAT(complaint_of(zones + "[[zone]]\nname='Z7.TEST'\n"), Catch::Contains("zone Z7.TEST is listed twice"));
  CHECK(complaint_of(zones + "[[zone]]\nname='last.test'\n[[zone]]\nname='more.test'\n") ==
        "rollcall.toml:1: zone: must be at most 200000 tables, not 200001");
}

TEST_CASE("1000 service rules may be written, and not one more") {
  std::string rules;
  for (std::size_t each = 0; each < 1000; ++each) rules += "[[service]]\nmatch = 'a'\n";
  CHECK(settings_of(rules).service_rules.size() == 1000);
  CHECK(complaint_of(rules + "[[service]]\nmatch = 'b'\n") ==
        "rollcall.toml:1: service: must be at most 1000 tables, not 1001");
}

}  // namespace
}  // namespace rollcall::ops
