#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <utility>

#include "base/duration.h"
#include "ops/credentials.h"
#include "ops/settings.h"
#include "ops/settings_values.h"
#include "ops/toml_section.h"

namespace rollcall::ops {
namespace {

template <class T, class U>
void take(T& target, std::optional<U> value) {
  if (value) target = static_cast<T>(std::move(*value));
}

// A TLS listener needs a certificate and a key; `standard` has the defaults for both.
void read_tls(Section& tls, const TlsSettings& standard, TlsSettings& settings) {
  settings.certificate = standard.certificate;
  settings.key = standard.key;
  take(settings.listen, tls.endpoints("listen"));
  take(settings.certificate, tls.text("certificate", parse_path));
  take(settings.key, tls.text("key", parse_path));
  if (!settings.listen.empty() && settings.certificate.empty()) {
    tls.complain("listen", R"(needs a certificate; write certificate = "FILE", in PEM)");
  }
  if (!settings.certificate.empty() && settings.key.empty()) {
    tls.complain("certificate", R"(needs its private key; write key = "FILE", in PEM)");
  }
}

void read_client_certificates(Section& tls, TlsSettings& settings) {
  take(settings.client_ca, tls.text("client_ca", parse_path));
  take(settings.needs_client_certificate, tls.text("client_certificates", [](std::string_view text) -> Result<bool> {
    if (text == "optional" || text == "required") return text == "required";
    return failure(Errc::start_up, fmt::format(R"("{}" is not one of "optional", "required")", text));
  }));
  if (tls.has("client_certificates") && settings.client_ca.empty()) {
    tls.complain("client_certificates", R"(needs to know who signs them; write client_ca = "FILE", in PEM)");
  }
  if (!settings.client_ca.empty() && settings.listen.empty()) {
    tls.complain("client_ca", R"(asks nobody while listen is not there; write listen = ["127.0.0.1:8543"])");
  }
}

void read_rate_limit(Section rrl, RateLimitSettings& settings) {
  take(settings.rate, rrl.integer("rate", 0, limits::k_rate_max));
  take(settings.slip, rrl.integer("slip", 0, limits::k_slip_max));
  take(settings.ipv4_prefix, rrl.integer("ipv4_prefix", 1, 32));
  take(settings.ipv6_prefix, rrl.integer("ipv6_prefix", 1, 128));
  take(settings.exempt, rrl.texts("exempt", limits::k_prefixes_max, parse_prefix));
  take(settings.loopback, rrl.boolean("loopback"));
  rrl.finish();
}

void read_dns(Section dns, Settings& settings) {
  take(settings.dns_listen, dns.endpoints("listen"));
  take(settings.dns_workers, dns.integer("workers", 0, limits::k_dns_workers_max));
  take(settings.dns_ttl_seconds, dns.ttl("ttl"));
  take(settings.udp_payload, dns.integer("udp_payload", static_cast<std::int64_t>(limits::k_udp_payload_min),
                                         static_cast<std::int64_t>(limits::k_message_bytes_max)));
  take(settings.max_tcp_connections, dns.integer("max_tcp_connections", 1, limits::k_connections_setting_max));
  take(settings.nsid, dns.text("nsid", parse_identity));
  take(settings.version, dns.text("version", parse_identity));
  take(settings.hostname, dns.text("hostname", parse_identity));
  take(settings.explain, dns.boolean("explain"));
  take(settings.cookies, dns.boolean("cookies"));
  take(settings.cookie_secrets, dns.texts("cookie_secrets", limits::k_cookie_secrets_max, parse_cookie_secret));
  take(settings.cookies_required_above, dns.integer("cookies_required_above", 0, limits::k_rate_max));
  if (settings.cookies_required_above > 0 && !settings.cookies) {
    dns.complain("cookies_required_above", "needs cookies, which cookies = false has turned off");
  }
  take(settings.max_tcp_connections_per_client,
       dns.integer("max_tcp_connections_per_client", 0, limits::k_connections_setting_max));
  take(settings.dns_allow, dns.texts("allow", limits::k_prefixes_max, parse_prefix));
  take(settings.dns_deny, dns.texts("deny", limits::k_prefixes_max, parse_prefix));
  Section tls = dns.table("tls");
  read_tls(tls, {}, settings.dns_tls);
  tls.finish();
  read_rate_limit(dns.table("rrl"), settings.rate_limit);
  take(settings.transfer_journal_bytes, dns.integer("transfer_journal_bytes", 0, limits::k_journal_bytes_setting_max));
  take(settings.max_transfers, dns.integer("max_transfers", 1, limits::k_transfers_setting_max));
  dns.finish();
}

void read_http(Section http, Settings& settings) {
  take(settings.http_listen, http.endpoints("listen"));
  take(settings.max_http_connections, http.integer("max_connections", 1, limits::k_connections_setting_max));
  take(settings.max_http_connections_per_client,
       http.integer("max_connections_per_client", 0, limits::k_connections_setting_max));
  read_openings(http, settings.access);
  Section tls = http.table("tls");
  read_tls(tls, settings.dns_tls, settings.http_tls);
  read_client_certificates(tls, settings.http_tls);
  tls.finish();
  http.finish();
}

void read_store(Section store, Settings& settings) {
  take(settings.store_path, store.text("path", parse_path));
  store.finish();
}

void read_history(Section history, Settings& settings) {
  take(settings.history_rows,
       history.integer("rows", 0, static_cast<std::int64_t>(limits::k_history_rows_setting_max)));
  take(settings.history_age, history.duration("age", std::chrono::seconds(1), limits::k_history_age_setting_max));
  history.finish();
}

void check_lease_order(Section& lease, const registry::LeaseBounds& bounds) {
  const auto complain = [&](std::string_view key, std::string_view rule, std::chrono::milliseconds other) {
    lease.complain(key,
                   fmt::format("{} {}; min, default and max must rise in this order", rule, format_duration(other)));
  };
  // Report the error at the key that is in the file; the other one may be a default.
  if (bounds.min > bounds.standard) {
    if (lease.has("min")) {
      complain("min", "is above lease.default,", bounds.standard);
    } else {
      complain("default", "is below lease.min,", bounds.min);
    }
  }
  if (bounds.standard > bounds.max) {
    if (lease.has("max")) {
      complain("max", "is below lease.default,", bounds.standard);
    } else {
      complain("default", "is above lease.max,", bounds.max);
    }
  }
}

void read_lease(Section lease, Settings& settings) {
  registry::LeaseBounds& bounds = settings.lease;
  take(bounds.standard, lease.duration("default", limits::k_lease_min, limits::k_lease_max));
  take(bounds.min, lease.duration("min", limits::k_lease_min, limits::k_lease_max));
  take(bounds.max, lease.duration("max", limits::k_lease_min, limits::k_lease_max));
  take(settings.forget_service_after,
       lease.duration("forget_service_after", std::chrono::milliseconds(0), limits::k_forget_service_max));
  if (const auto count = lease.integer("expire_per_second", 0, limits::k_expire_per_second_max)) {
    settings.expiry.per_second = static_cast<std::uint32_t>(*count);
  }
  take(settings.expiry.silent_share, lease.share("mass_silence_share"));
  check_lease_order(lease, bounds);
  lease.finish();
}

void read_checks(Section checks, Settings& settings) {
  take(settings.checks_in_flight, checks.integer("in_flight", 1, limits::k_checks_in_flight_max));
  take(settings.checks_allow, checks.texts("allow", limits::k_prefixes_max, parse_prefix));
  take(settings.checks_deny, checks.texts("deny", limits::k_prefixes_max, parse_prefix));
  checks.finish();
}

void read_zones(std::vector<Section> tables, Settings& settings) {
  settings.zones.clear();
  ListedZones listed;
  for (Section& table : tables) {
    ZoneSettings zone;
    zone.policy.ttl_seconds = settings.dns_ttl_seconds;
    const auto name = table.text("name", [&](std::string_view text) { return parse_zone_name(text, listed); });
    if (!table.has("name")) table.complain("name", R"(missing; every [[zone]] has one, as name = "svc.internal")");
    take(zone.name, name);
    take(zone.file, table.text("file", parse_path));
    take(zone.policy.ttl_seconds, table.ttl("ttl"));
    take(zone.policy.when_empty, table.text("when_empty", parse_when_empty));
    take(zone.policy.answer_limit, table.integer("answer_limit", 0, limits::k_answer_limit_max));
    take(zone.policy.protect_permille, table.permille("protect_threshold"));
    take(zone.policy.protect_for, table.duration("protect_for", std::chrono::milliseconds(0), limits::k_protect_max));
    zone.transfers = read_transfers(table, settings.keys);
    table.finish();
    if (!name) continue;
    listed.add(*name, settings.zones.size());
    settings.zones.push_back(std::move(zone));
  }
  if (settings.zones.empty()) settings.zones = {default_zone(settings.dns_ttl_seconds)};
}

void read_service_rules(std::vector<Section> tables, Settings& settings) {
  for (Section& table : tables) {
    ServiceRule rule;
    take(rule.match, table.text("match", [](std::string_view text) -> Result<std::string> {
      if (!text.empty() && text.find('\0') == std::string_view::npos) return std::string(text);
      return failure(Errc::start_up, R"(must be a shell pattern, as "batch-*")");
    }));
    if (!table.has("match")) table.complain("match", R"(missing; every [[service]] has one, as match = "batch-*")");
    rule.ttl_seconds = table.ttl("ttl");
    rule.when_empty = table.text("when_empty", parse_when_empty);
    if (const auto limit = table.integer("answer_limit", 0, limits::k_answer_limit_max)) {
      rule.answer_limit = static_cast<std::uint32_t>(*limit);
    }
    rule.protect_permille = table.permille("protect_threshold");
    rule.protect_for = table.duration("protect_for", std::chrono::milliseconds(0), limits::k_protect_max);
    table.finish();
    settings.service_rules.push_back(std::move(rule));
  }
}

void read_log(Section log, Settings& settings) {
  take(settings.log_level, log.text("level", parse_log_level));
  take(settings.log_format, log.text("format", parse_log_format));
  log.finish();
}

// Hashes of tokens are among them: a weak token can be guessed by its hash.
bool holds_secrets(const toml::table& file) {
  const auto is_secret = [](const toml::node& node) {
    const auto text = node.value<std::string_view>();
    return text && !credential_in(*text);
  };
  const auto have = [&](std::string_view tables, std::string_view key) {
    const toml::array* const all = file[tables].as_array();
    return all != nullptr && std::ranges::any_of(*all, [&](const toml::node& each) {
             const toml::node* const found = each.is_table() ? each.as_table()->get(key) : nullptr;
             return found != nullptr && is_secret(*found);
           });
  };
  const toml::array* const cookies = file["dns"]["cookie_secrets"].as_array();
  return have("key", "secret") || have("token", "hash") ||
         (cookies != nullptr && std::ranges::any_of(*cookies, is_secret));
}

// toml++'s error message, on one line.
std::unexpected<Error> syntax_failure(const toml::parse_error& error, std::string_view source) {
  constexpr std::string_view k_begin = "Error while parsing ";
  std::string words(error.description());
  if (words.starts_with(k_begin)) words = "is no TOML, in the " + words.substr(k_begin.size());
  std::ranges::replace_if(words, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  const toml::source_position at = error.source().begin;
  return failure(Errc::start_up, fmt::format("{}:{}:{}: {}", source, at.line, at.column, words));
}

}  // namespace

Result<Settings> parse_settings(std::string_view toml, std::string_view source) {
  if (toml.size() > limits::k_settings_bytes_max) {
    return failure(Errc::start_up, fmt::format("{}: is over {} bytes, so it is not a settings file", source,
                                               limits::k_settings_bytes_max));
  }
  toml::table file;
  try {
    file = toml::parse(toml, source);
  } catch (const toml::parse_error& error) {
    return syntax_failure(error, source);
  }
  Complaints complaints(source);
  Section root(&file, "the file", "", complaints);
  Settings settings = default_settings();
  read_dns(root.table("dns"), settings);  // before the zones, which inherit its ttl
  read_http(root.table("http"), settings);
  read_store(root.table("store"), settings);
  read_history(root.table("history"), settings);
  read_lease(root.table("lease"), settings);
  read_checks(root.table("checks"), settings);
  read_keys(root.tables("key", limits::k_tsig_keys_max), settings);  // before the zones, which refer to keys
  read_zones(root.tables("zone", limits::k_zones_max), settings);
  read_service_rules(root.tables("service", limits::k_service_rules_max), settings);
  read_tokens(root.tables("token", limits::k_tokens_max), settings);  // after [http], which sets `open`
  read_certificates(root.tables("certificate", limits::k_certificate_rules_max), settings);
  read_consul(root.table("consul"), settings);
  const bool is_cluster = root.has("cluster");
  read_cluster(root.table("cluster"), is_cluster, settings);
  const bool has_etcd = root.has("etcd");
  read_etcd(root.table("etcd"), has_etcd, settings);
  read_log(root.table("log"), settings);
  root.finish();
  if (complaints.first()) return std::unexpected(*complaints.first());
  settings.file = source;
  settings.holds_secrets = holds_secrets(file);
  return settings;
}

}  // namespace rollcall::ops
