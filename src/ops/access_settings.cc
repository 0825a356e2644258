#include "ops/access_settings.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "base/ascii_case.h"
#include "base/limits.h"
#include "ops/credentials.h"
#include "ops/settings.h"
#include "ops/toml_section.h"

namespace rollcall::ops {
namespace {

constexpr std::string_view k_hash_prefix = "sha256:";

Result<api::Right> parse_right(std::string_view text) {
  for (const api::Right right : {api::Right::read, api::Right::write, api::Right::admin}) {
    if (text == api::to_text(right)) return right;
  }
  return failure(Errc::start_up, fmt::format(R"("{}" is not one of "read", "write", "admin")", text));
}

Result<std::string> parse_token_name(std::string_view text) {
  const bool is_plain = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; });
  if (!text.empty() && is_plain && text.size() <= limits::k_token_name_characters_max) return std::string(text);
  return failure(Errc::start_up,
                 fmt::format("must be 1 to {} printable ASCII characters", limits::k_token_name_characters_max));
}

// The error message does not quote `text`: the operator may have typed the token itself instead of its hash.
Result<Sha256> parse_hash(std::string_view text) {
  const Result<std::string> held = text_or_credential(text);
  if (!held) return std::unexpected(held.error());
  if (held->starts_with(k_hash_prefix)) {
    if (const auto hash = parse_sha256(held->substr(k_hash_prefix.size()))) return *hash;
  }
  return failure(Errc::start_up,
                 R"(must be "sha256:" and 64 hexadecimal digits, as `rollcalld --hash-token` prints it)");
}

Result<std::string> parse_pattern(std::string_view text) {
  if (!text.empty() && text.find('\0') == std::string_view::npos) return std::string(text);
  return failure(Errc::start_up, R"(must be a shell pattern, as "web-*")");
}

Result<std::string> parse_host(std::string_view text) {
  std::string_view name = text;
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string host = to_lower(name);
  if (name.starts_with("*.")) name.remove_prefix(2);
  const bool is_plain = std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '-' || c == '.' || c == '_';
  });
  if (!name.empty() && is_plain && dns::Name::parse(name)) return host;
  return failure(Errc::start_up, fmt::format(R"("{}" is no host name; write one without a port, as )"
                                             R"("rollcall.example.net" or "*.example.net")",
                                             text));
}

Result<dns::Name> parse_zone(std::string_view text) {
  if (const auto name = dns::Name::parse(text)) return *name;
  return failure(Errc::start_up, fmt::format(R"("{}" is not a domain name; write one as "svc.internal")", text));
}

GrantSettings read_grant(Section& table) {
  GrantSettings grant;
  grant.zones = table.texts("zones", limits::k_grant_patterns_max, parse_zone);
  if (auto services = table.texts("services", limits::k_grant_patterns_max, parse_pattern)) {
    grant.services = std::move(*services);
  }
  const auto no_lease = table.boolean("no_lease");
  const auto right = table.text("allow", parse_right);
  if (!table.has("allow")) table.complain("allow", R"(missing; write allow = "read", "write" or "admin")");
  grant.right = right.value_or(grant.right);
  if (grant.right == api::Right::read && no_lease.value_or(false)) {
    table.complain("no_lease", R"(is about registering; write allow = "write" as well)");
  }
  grant.no_lease = no_lease.value_or(grant.right == api::Right::admin);
  if (grant.right == api::Right::admin && no_lease == false) {
    table.complain("no_lease", "admin is for everything; leave it out, or allow less");
  }
  if (grant.right == api::Right::admin && (table.has("zones") || table.has("services"))) {
    table.complain("allow", "admin is for every zone and service; leave zones and services out, or allow less");
  }
  return grant;
}

// `open` contradicts tokens and certificates: reports an error if both are set.
void check_not_open(Section& table, std::string_view key, const Settings& settings) {
  if (settings.access.open) {
    table.complain(key, "would close what open = true in [http] opens; leave one of them out");
  }
}

std::optional<std::vector<registry::ZoneId>> ids_of(const std::optional<std::vector<dns::Name>>& names,
                                                    const Settings& settings) {
  if (!names) return std::nullopt;
  std::vector<registry::ZoneId> ids;
  for (const dns::Name& name : *names) {
    const auto at = std::ranges::find(settings.zones, name, &ZoneSettings::name);
    if (at != settings.zones.end()) ids.push_back(static_cast<registry::ZoneId>(at - settings.zones.begin()));
  }
  return ids;
}

api::Grant grant_of(const GrantSettings& wanted, const Settings& settings) {
  return {wanted.right, ids_of(wanted.zones, settings), wanted.services, wanted.no_lease};
}

Result<void> check_zones(const GrantSettings& grant, std::string_view whose, const Settings& settings) {
  if (!grant.zones) return {};
  for (const dns::Name& name : *grant.zones) {
    if (std::ranges::find(settings.zones, name, &ZoneSettings::name) != settings.zones.end()) continue;
    return failure(Errc::start_up,
                   fmt::format("{}: zones: {} is no zone that is served here", whose, name.text_without_dot()));
  }
  return {};
}

}  // namespace

void read_openings(Section& http, AccessSettings& access) {
  access.open = http.boolean("open").value_or(access.open);
  access.open_metrics = http.boolean("open_metrics").value_or(access.open_metrics);
  if (auto hosts = http.texts("hosts", limits::k_grant_patterns_max, parse_host)) access.hosts = std::move(*hosts);
}

void read_tokens(std::vector<Section> tables, Settings& settings) {
  std::vector<TokenSettings>& tokens = settings.access.tokens;
  for (Section& table : tables) {
    auto name = table.text("name", parse_token_name);
    const auto hash = table.text("hash", parse_hash);
    if (!table.has("name")) table.complain("name", R"(missing; every [[token]] has one, as name = "deploy")");
    if (!table.has("hash")) table.complain("hash", "missing; `rollcalld --hash-token` prints the line");
    if (name && std::ranges::find(tokens, *name, &TokenSettings::name) != tokens.end()) {
      table.complain("name", "is that of another [[token]]");
    }
    if (hash && std::ranges::find(tokens, *hash, &TokenSettings::hash) != tokens.end()) {
      table.complain("hash", "is that of another [[token]]; each needs a token of its own");
    }
    check_not_open(table, "name", settings);
    GrantSettings grant = read_grant(table);
    table.finish();
    if (name && hash) tokens.push_back({std::move(*name), *hash, std::move(grant)});
  }
}

void read_certificates(std::vector<Section> tables, Settings& settings) {
  for (Section& table : tables) {
    auto match = table.text("match", parse_pattern);
    if (!table.has("match")) {
      table.complain("match", R"(missing; every [[certificate]] has one, as match = "*.hosts.example.net")");
    }
    if (settings.http_tls.client_ca.empty()) {
      table.complain("match", "matches nothing while [http.tls] has no client_ca, who signs certificates of clients");
    }
    check_not_open(table, "match", settings);
    GrantSettings grant = read_grant(table);
    table.finish();
    if (match) settings.access.certificates.push_back({std::move(*match), std::move(grant)});
  }
}

Result<void> check_access(const Settings& settings) {
  if (!settings.http_tls.client_ca.empty() && settings.access.certificates.empty()) {
    return failure(Errc::start_up,
                   "http.tls.client_ca: no [[certificate]] says what clients with one may do; write match and allow");
  }
  for (const TokenSettings& token : settings.access.tokens) {
    const auto checked = check_zones(token.grant, fmt::format("[[token]] \"{}\"", token.name), settings);
    if (!checked) return checked;
  }
  for (const CertificateSettings& rule : settings.access.certificates) {
    const auto checked = check_zones(rule.grant, fmt::format("[[certificate]] \"{}\"", rule.match), settings);
    if (!checked) return checked;
  }
  return {};
}

api::AccessRules access_rules_of(const Settings& settings) {
  api::AccessRules rules{
      .tokens = {}, .certificates = {}, .open = settings.access.open, .open_metrics = settings.access.open_metrics};
  for (const TokenSettings& token : settings.access.tokens) {
    rules.tokens.push_back({token.name, token.hash, grant_of(token.grant, settings)});
  }
  for (const CertificateSettings& rule : settings.access.certificates) {
    rules.certificates.push_back({rule.match, grant_of(rule.grant, settings)});
  }
  return rules;
}

std::vector<std::string> names_of_machine() {
  std::vector<std::string> names{"localhost"};
  std::array<char, limits::k_identity_bytes_max + 1> host{};
  if (gethostname(host.data(), limits::k_identity_bytes_max) != 0 || host[0] == '\0') return names;
  const std::string name = to_lower(host.data());
  names.push_back(name);
  if (const std::size_t dot = name.find('.'); dot != std::string::npos && dot > 0) names.push_back(name.substr(0, dot));
  return names;
}

Result<std::string> hash_token(std::string_view typed) {
  while (typed.ends_with('\n') || typed.ends_with('\r')) typed.remove_suffix(1);
  if (typed.size() < limits::k_token_bytes_min) {
    return failure(Errc::start_up, fmt::format("a token has at least {} characters; `openssl rand -hex 32` makes one",
                                               limits::k_token_bytes_min));
  }
  if (!api::is_token(typed)) {
    return failure(Errc::start_up,
                   fmt::format("a token has letters, digits and -._~+/ with = at its end, at most {} of "
                               "them; `openssl rand -hex 32` makes one",
                               limits::k_token_bytes_max));
  }
  return fmt::format("hash = \"{}{}\"\n", k_hash_prefix, to_hex(sha256(typed)));
}

}  // namespace rollcall::ops
