// TLS, access lists, rate limits, connections per client.
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "catch.h"
#include "unit/ops/settings_text.h"

namespace rollcall::ops {
namespace {

using namespace testing;

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

TEST_CASE("without settings there is no TLS, everybody is answered, and public networks have a rate") {
  const Settings settings = settings_of("");
  CHECK(settings.dns_tls == TlsSettings{});
  CHECK(settings.http_tls == TlsSettings{});
  CHECK(settings.max_tcp_connections_per_client == 100);
  CHECK(settings.max_http_connections_per_client == 1000);
  CHECK(settings.cookies_required_above == 0);
  CHECK(settings.max_transfers == 10);
  CHECK(access_of(settings).permits(address("192.0.2.1")));
  const answer::RateLimit limit = rate_limit_of(settings);
  CHECK(limit.rate == 200);
  CHECK(limit.slip == 1);
  CHECK(limit.ipv4_prefix == 24);
  CHECK(limit.ipv6_prefix == 56);
  CHECK_FALSE(limit.counts_loopback);
  for (const char* colleague : {"10.1.2.3", "172.31.0.1", "192.168.7.7", "100.64.0.1", "fd00::1", "fe80::1"}) {
    CHECK(limit.exempt.contains(address(colleague)));
  }
  CHECK_FALSE(limit.exempt.contains(address("192.0.2.1")));
  CHECK_FALSE(limit.exempt.contains(address("172.32.0.1")));
  CHECK_FALSE(limit.exempt.contains(address("2001:db8::1")));
}

TEST_CASE("the commented example has every key of TLS and defence, at its default") {
  std::ifstream file(ROLLCALL_SOURCE_DIR "/docs/rollcall.toml");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Settings shown = settings_of(text);
  const Settings standard = default_settings();
  CHECK(shown.rate_limit == standard.rate_limit);
  CHECK(shown.dns_allow == standard.dns_allow);
  CHECK(shown.dns_deny == standard.dns_deny);
  CHECK(shown.dns_tls == standard.dns_tls);
  CHECK(shown.http_tls == standard.http_tls);
  CHECK(shown.max_tcp_connections_per_client == standard.max_tcp_connections_per_client);
  CHECK(shown.max_http_connections_per_client == standard.max_http_connections_per_client);
  CHECK(shown.cookies_required_above == standard.cookies_required_above);
  CHECK(shown.max_transfers == standard.max_transfers);
  for (const char* key :
       {"cookies_required_above", "max_transfers", "max_tcp_connections_per_client", "allow", "deny",
        "# [dns.tls]\n# listen", "# certificate", "# key", "rate", "slip", "ipv4_prefix", "ipv6_prefix", "exempt",
        "loopback", "max_connections_per_client", "# [http.tls]\n# listen"}) {
    INFO(key);
    CHECK(text.find(std::string("\n") + key + " = ") != std::string::npos);
  }
}

TEST_CASE("every key of defence and TLS is taken over") {
  const Settings settings = settings_of(R"(
[dns]
max_tcp_connections_per_client = 0
cookies_required_above = 1000000
max_transfers = 1000
allow = ["192.0.2.0/24", "2001:db8::/32"]
deny = ["192.0.2.66"]
[dns.tls]
listen = ["127.0.0.1:8853", "[::1]:8853"]
certificate = "dns.pem"
key = "dns.key"
[dns.rrl]
rate = 5
slip = 2
ipv4_prefix = 32
ipv6_prefix = 64
exempt = ["198.51.100.0/24"]
loopback = true
[http]
max_connections_per_client = 3
[http.tls]
listen = ["127.0.0.1:8443"]
certificate = "api.pem"
key = "api.key"
)");
  CHECK(settings.max_tcp_connections_per_client == 0);
  CHECK(settings.cookies_required_above == 1'000'000);
  CHECK(settings.max_transfers == 1000);
  const answer::AccessList access = access_of(settings);
  CHECK(access.permits(address("192.0.2.1")));
  CHECK_FALSE(access.permits(address("192.0.2.66")));
  CHECK_FALSE(access.permits(address("203.0.113.1")));
  CHECK(settings.dns_tls.listen.size() == 2);
  CHECK(settings.dns_tls.certificate == "dns.pem");
  CHECK(settings.dns_tls.key == "dns.key");
  CHECK(settings.rate_limit == RateLimitSettings{5, 2, 32, 64, {*IpPrefix::parse("198.51.100.0/24")}, true});
  CHECK(settings.max_http_connections_per_client == 3);
  CHECK(settings.http_tls.listen == std::vector{*IpEndpoint::parse("127.0.0.1:8443")});
  CHECK(settings.http_tls.certificate == "api.pem");
  CHECK(settings.http_tls.key == "api.key");
}

TEST_CASE("the API has the certificate of the DNS where it has none of its own") {
  const Settings settings =
      settings_of("[dns.tls]\ncertificate = 'both.pem'\nkey = 'both.key'\n[http.tls]\nlisten = ['127.0.0.1:8443']\n");
  CHECK(settings.http_tls.certificate == "both.pem");
  CHECK(settings.http_tls.key == "both.key");
  CHECK(settings.dns_tls.listen.empty());
}

TEST_CASE("cookies cannot be required where they are turned off, and no bound is left") {
  CHECK(complaint_of("[dns]\ncookies = false\ncookies_required_above = 5\n") ==
        "rollcall.toml:3: dns.cookies_required_above: needs cookies, which cookies = false has turned off");
  CHECK(complaint_of("[dns]\ncookies_required_above = 1000001\n").find("1000000") != std::string::npos);
  CHECK(complaint_of("[dns]\nmax_transfers = 0\n").find("1 to 1000") != std::string::npos);
  CHECK(complaint_of("[dns]\nmax_transfers = 1001\n").find("1 to 1000") != std::string::npos);
}

TEST_CASE("TLS without a certificate, or a certificate without its key, is a mistake") {
  CHECK(complaint_of("[dns.tls]\nlisten = ['127.0.0.1:8853']\n") ==
        R"(rollcall.toml:2: dns.tls.listen: needs a certificate; write certificate = "FILE", in PEM)");
  CHECK(complaint_of("[http.tls]\ncertificate = 'a.pem'\n") ==
        R"(rollcall.toml:2: http.tls.certificate: needs its private key; write key = "FILE", in PEM)");
  CHECK(complaint_of("[dns.tls]\nport = 853\n") ==
        "rollcall.toml:2: dns.tls.port: unknown key; [dns.tls] has listen, certificate, key");
}

TEST_CASE("what is no network is no part of a list of them") {
  CHECK(complaint_of("[dns]\nallow = ['192.0.2.1/24']\n").starts_with("rollcall.toml:2: dns.allow: \"192.0.2.1/24\""));
  CHECK(complaint_of("[dns]\ndeny = ['everyone']\n").starts_with("rollcall.toml:2: dns.deny: \"everyone\""));
  CHECK(complaint_of("[dns.rrl]\nexempt = ['']\n").starts_with("rollcall.toml:2: dns.rrl.exempt: \"\""));
}

TEST_CASE("rates, slips and prefixes have their bounds") {
  CHECK(settings_of("[dns.rrl]\nrate = 0\nslip = 0\n").rate_limit.rate == 0);
  CHECK(settings_of("[dns.rrl]\nrate = 1000000\nslip = 100\n").rate_limit.slip == 100);
  for (const char* wrong : {"rate = -1", "rate = 1000001", "slip = 101", "ipv4_prefix = 0", "ipv4_prefix = 33",
                            "ipv6_prefix = 0", "ipv6_prefix = 129", "loopback = 1"}) {
    INFO(wrong);
    CHECK_FALSE(complaint_of(std::string("[dns.rrl]\n") + wrong + "\n").empty());
  }
}

TEST_CASE("changes of listeners, lists and limits are named as waiting for a restart, those of certificates are not") {
  const Settings running = settings_of("[dns.tls]\ncertificate = 'a.pem'\nkey = 'a.key'\n");
  const Settings wanted = settings_of(
      "[dns]\nallow = ['192.0.2.0/24']\n[dns.rrl]\nrate = 1\n"
      "[dns.tls]\nlisten = ['127.0.0.1:8853']\ncertificate = 'b.pem'\nkey = 'b.key'\n");
  CHECK(settings_that_need_a_restart(running, wanted) ==
        std::vector<std::string>{"dns.allow", "dns.tls.listen", "dns.rrl"});
}

}  // namespace
}  // namespace rollcall::ops
