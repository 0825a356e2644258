#include "ops/settings.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fnmatch.h>
#include <random>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "ops/version.h"

namespace rollcall::ops {
namespace {

// Exempt from rate limiting by default: clients in private networks send many queries and rarely spoof addresses.
// RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 §2.5.6.
constexpr std::array k_private_networks{"10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
                                        "169.254.0.0/16", "fc00::/7",      "fe80::/10"};

}  // namespace

std::string default_zone_file(const dns::Name& zone) { return fmt::format("zones/{}.zone", zone.text_without_dot()); }

ZoneSettings default_zone(std::uint32_t ttl_seconds) {
  const std::optional<dns::Name> name = dns::Name::parse("svc.internal");
  check(name.has_value(), "svc.internal is a name");
  return ZoneSettings{*name, {}, answer::AnswerPolicy{.ttl_seconds = ttl_seconds}, {}};
}

Settings default_settings() {
  const auto loopback = IpAddress::parse("127.0.0.1");
  check(loopback.has_value(), "127.0.0.1 is an address");
  Settings settings;
  settings.dns_listen = {IpEndpoint{*loopback, 8600}};
  settings.http_listen = {IpEndpoint{*loopback, 8500}};
  settings.zones = {default_zone(settings.dns_ttl_seconds)};
  settings.consul = default_consul();
  for (const char* network : k_private_networks) {
    const auto prefix = IpPrefix::parse(network);
    check(prefix.has_value(), "private networks are networks");
    settings.rate_limit.exempt.push_back(*prefix);
  }
  return settings;
}

answer::Identity identity_of(const Settings& settings) {
  std::array<char, limits::k_identity_bytes_max + 1> host{};
  if (gethostname(host.data(), limits::k_identity_bytes_max) != 0) host[0] = '\0';
  return {.nsid = settings.nsid.value_or(host.data()),
          .version = settings.version.value_or(fmt::format("rollcall {}", k_version)),
          .hostname = settings.hostname.value_or(host.data())};
}

dns::CookieSecrets cookie_secrets_of(const Settings& settings) {
  if (!settings.cookies) return {};
  if (!settings.cookie_secrets.empty()) return settings.cookie_secrets;
  std::random_device device;
  SipHashKey drawn{};
  for (std::uint8_t& octet : drawn) octet = static_cast<std::uint8_t>(device());
  return {drawn};
}

answer::AccessList access_of(const Settings& settings) {
  return {.allow = IpPrefixSet(settings.dns_allow), .deny = IpPrefixSet(settings.dns_deny)};
}

answer::AccessList check_access_of(const Settings& settings) {
  return {.allow = IpPrefixSet(settings.checks_allow), .deny = IpPrefixSet(settings.checks_deny)};
}

answer::RateLimit rate_limit_of(const Settings& settings) {
  const RateLimitSettings& wanted = settings.rate_limit;
  return {.rate = wanted.rate,
          .slip = wanted.slip,
          .ipv4_prefix = wanted.ipv4_prefix,
          .ipv6_prefix = wanted.ipv6_prefix,
          .exempt = IpPrefixSet(wanted.exempt),
          .counts_loopback = wanted.loopback};
}

std::vector<answer::TransferRules> transfer_rules_of(const Settings& settings) {
  std::vector<answer::TransferRules> rules;
  for (const ZoneSettings& zone : settings.zones) rules.push_back(zone.transfers.rules);
  return rules;
}

answer::AnswerPolicy policy_of(const ZoneSettings& zone, const std::vector<ServiceRule>& rules,
                               std::string_view service) {
  answer::AnswerPolicy policy = zone.policy;
  const std::string name(service);
  // Service names are stored in lower case, but a pattern may be in any case.
  const auto rule = std::ranges::find_if(
      rules, [&](const ServiceRule& each) { return fnmatch(each.match.c_str(), name.c_str(), FNM_CASEFOLD) == 0; });
  if (rule == rules.end()) return policy;
  policy.ttl_seconds = rule->ttl_seconds.value_or(policy.ttl_seconds);
  policy.when_empty = rule->when_empty.value_or(policy.when_empty);
  policy.answer_limit = rule->answer_limit.value_or(policy.answer_limit);
  policy.protect_permille = rule->protect_permille.value_or(policy.protect_permille);
  policy.protect_for = rule->protect_for.value_or(policy.protect_for);
  return policy;
}

std::vector<std::string> settings_that_need_a_restart(const Settings& running, const Settings& wanted) {
  std::vector<std::string> keys;
  const auto compare = [&](bool same, const char* key) {
    if (!same) keys.emplace_back(key);
  };
  compare(running.dns_listen == wanted.dns_listen, "dns.listen");
  compare(running.dns_workers == wanted.dns_workers, "dns.workers");
  compare(running.udp_payload == wanted.udp_payload, "dns.udp_payload");
  compare(running.max_tcp_connections == wanted.max_tcp_connections, "dns.max_tcp_connections");
  compare(running.nsid == wanted.nsid, "dns.nsid");
  compare(running.version == wanted.version, "dns.version");
  compare(running.hostname == wanted.hostname, "dns.hostname");
  compare(running.explain == wanted.explain, "dns.explain");
  compare(running.cookies == wanted.cookies, "dns.cookies");
  compare(running.cookie_secrets == wanted.cookie_secrets, "dns.cookie_secrets");
  compare(running.cookies_required_above == wanted.cookies_required_above, "dns.cookies_required_above");
  compare(running.max_tcp_connections_per_client == wanted.max_tcp_connections_per_client,
          "dns.max_tcp_connections_per_client");
  compare(running.dns_allow == wanted.dns_allow, "dns.allow");
  compare(running.dns_deny == wanted.dns_deny, "dns.deny");
  compare(running.dns_tls.listen == wanted.dns_tls.listen, "dns.tls.listen");
  compare(running.rate_limit == wanted.rate_limit, "dns.rrl");
  compare(running.http_tls.listen == wanted.http_tls.listen, "http.tls.listen");
  compare(running.max_http_connections_per_client == wanted.max_http_connections_per_client,
          "http.max_connections_per_client");
  compare(running.transfer_journal_bytes == wanted.transfer_journal_bytes, "dns.transfer_journal_bytes");
  compare(running.max_transfers == wanted.max_transfers, "dns.max_transfers");
  compare(running.keys == wanted.keys, "key");
  compare(running.http_listen == wanted.http_listen, "http.listen");
  compare(running.max_http_connections == wanted.max_http_connections, "http.max_connections");
  compare(running.store_path == wanted.store_path, "store.path");
  compare(running.history_rows == wanted.history_rows, "history.rows");
  compare(running.history_age == wanted.history_age, "history.age");
  compare(running.forget_service_after == wanted.forget_service_after, "lease.forget_service_after");
  compare(running.checks_in_flight == wanted.checks_in_flight, "checks.in_flight");
  compare(running.checks_allow == wanted.checks_allow, "checks.allow");
  compare(running.checks_deny == wanted.checks_deny, "checks.deny");
  compare(running.consul == wanted.consul, "consul");
  compare(running.cluster == wanted.cluster, "cluster");
  compare(running.etcd == wanted.etcd, "etcd");
  compare(running.expiry == wanted.expiry, "lease.expire_per_second or lease.mass_silence_share");
  const bool same_zones = std::ranges::equal(running.zones, wanted.zones, {}, &ZoneSettings::name, &ZoneSettings::name);
  compare(same_zones, "zone");
  compare(!same_zones ||
              std::ranges::equal(running.zones, wanted.zones, {}, &ZoneSettings::transfers, &ZoneSettings::transfers),
          "zone.transfer_to, zone.transfer_key or zone.notify");
  return keys;
}

}  // namespace rollcall::ops
