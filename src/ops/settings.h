// Settings: `rollcall.toml` and flags, as one validated value. A flag beats the file.
//
// Failure  Errc::start_up; the message names file, line and key, and what would be right.
// Source   interface.md §1 (flags), §5 (file).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "answer/access.h"
#include "answer/identity.h"
#include "answer/rate_limit.h"
#include "answer/zone/policy.h"
#include "base/ip_address.h"
#include "base/ip_prefix.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/result.h"
#include "dns/cookie.h"
#include "dns/name.h"
#include "dns/tsig.h"
#include "ops/access_settings.h"
#include "ops/transfer_settings.h"
#include "registry/expiry_limit.h"
#include "registry/instance/registration.h"

namespace rollcall::ops {

struct ZoneSettings {
  dns::Name name;
  std::string file;  // empty: `zones/<name>.zone`; the built-in copy where that is absent (svc.internal only)
  answer::AnswerPolicy policy;
  TransferSettings transfers;
  friend bool operator==(const ZoneSettings&, const ZoneSettings&) = default;
};

// An override for services whose name matches a shell pattern (fnmatch). First match wins.
struct ServiceRule {
  std::string match;
  std::optional<std::uint32_t> ttl_seconds;
  std::optional<answer::WhenEmpty> when_empty;
  std::optional<std::uint32_t> answer_limit;
  std::optional<std::uint16_t> protect_permille = {};
  std::optional<std::chrono::milliseconds> protect_for = {};
  friend bool operator==(const ServiceRule&, const ServiceRule&) = default;
};

// Where TLS is spoken, and as whom: `[dns.tls]`, `[http.tls]`. Without an address: nowhere.
struct TlsSettings {
  std::vector<IpEndpoint> listen;
  std::string certificate;  // PEM, with its chain
  std::string key;          // PEM
  std::string client_ca;    // PEM; of [http.tls] alone. Empty: clients are not asked for certificates
  bool needs_client_certificate = false;
  friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

// `[dns.rrl]`; answer::RateLimit says what it does.
struct RateLimitSettings {
  std::uint32_t rate = 200;
  std::uint32_t slip = 1;
  unsigned ipv4_prefix = 24;
  unsigned ipv6_prefix = 56;
  std::vector<IpPrefix> exempt;
  bool loopback = false;
  friend bool operator==(const RateLimitSettings&, const RateLimitSettings&) = default;
};

struct Settings {
  // [dns]
  std::vector<IpEndpoint> dns_listen;  // default 127.0.0.1:8600
  unsigned dns_workers = 0;            // 0: one per core
  std::uint32_t dns_ttl_seconds = 1;   // what zones without a ttl of their own have
  std::size_t udp_payload = 1232;      // 512 … 65535
  std::size_t max_tcp_connections = 1000;
  std::optional<std::string> nsid;           // RFC 5001, and CH TXT id.server; "" is silence, as for the next two
  std::optional<std::string> version;        // CH TXT version.bind, version.server
  std::optional<std::string> hostname;       // CH TXT hostname.bind
  bool explain = false;                      // `_explain.<name>` TXT
  bool cookies = true;                       // RFC 7873
  dns::CookieSecrets cookie_secrets;         // the first makes cookies; empty: one drawn at start
  std::uint32_t cookies_required_above = 0;  // queries a second over UDP without one; 0: never
  std::size_t max_tcp_connections_per_client = 100;  // 0: no limit
  std::vector<IpPrefix> dns_allow;                   // empty: everybody
  std::vector<IpPrefix> dns_deny;
  TlsSettings dns_tls;
  RateLimitSettings rate_limit;
  std::size_t transfer_journal_bytes = limits::k_journal_bytes_default;  // of each zone that is transferred
  std::size_t max_transfers = limits::k_transfers_default;               // at once
  // [[key]], no name twice
  dns::TsigKeys keys;
  // [http]
  std::vector<IpEndpoint> http_listen;  // default 127.0.0.1:8500
  std::size_t max_http_connections = limits::k_http_connections_max;
  std::size_t max_http_connections_per_client = 1000;  // 0: no limit
  TlsSettings http_tls;                                // what it leaves out is dns_tls's
  // [http], [[token]], [[certificate]]
  AccessSettings access;
  // [store]
  std::string store_path = "rollcall.db";
  // [history]
  std::uint64_t history_rows = limits::k_history_rows_default;  // 0: nothing is kept
  std::chrono::milliseconds history_age = limits::k_history_age_default;
  // [lease]
  registry::LeaseBounds lease;
  std::chrono::milliseconds forget_service_after = std::chrono::hours(1);
  registry::ExpiryRule expiry;
  // [checks]
  std::size_t checks_in_flight = limits::k_checks_in_flight_default;
  std::vector<IpPrefix> checks_allow;  // empty: everybody may be asked
  std::vector<IpPrefix> checks_deny;
  // [[zone]], at least one; the first is the default of registrations
  std::vector<ZoneSettings> zones;
  // [[service]]
  std::vector<ServiceRule> service_rules;
  // [log]
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::text;
};

// The defaults of interface.md §1.
[[nodiscard]] Settings default_settings();
// Its one zone, svc.internal.
[[nodiscard]] ZoneSettings default_zone(std::uint32_t ttl_seconds);
// `zones/<name>.zone`: where a zone is read from when its settings name no file.
[[nodiscard]] std::string default_zone_file(const dns::Name& zone);

// The text of a settings file; `source` stands in messages where the file's name would.
[[nodiscard]] Result<Settings> parse_settings(std::string_view toml, std::string_view source);

// The policy of one service: its zone's, with the first matching rule laid over it. Any thread.
[[nodiscard]] answer::AnswerPolicy policy_of(const ZoneSettings& zone, const std::vector<ServiceRule>& rules,
                                             std::string_view service);

// The keys whose values differ and take effect only at the next start; for the warning at a reload.
[[nodiscard]] std::vector<std::string> settings_that_need_a_restart(const Settings& running, const Settings& wanted);

// What the server says of itself: as set, or else the host's name and the program's version.
[[nodiscard]] answer::Identity identity_of(const Settings& settings);
// As set, or one drawn from the system; empty: no cookies.
[[nodiscard]] dns::CookieSecrets cookie_secrets_of(const Settings& settings);

// Who is answered, and how much of it.
[[nodiscard]] answer::AccessList access_of(const Settings& settings);
[[nodiscard]] answer::RateLimit rate_limit_of(const Settings& settings);
// Which addresses health checks may ask.
[[nodiscard]] answer::AccessList check_access_of(const Settings& settings);
// Who may transfer each zone, by ZoneId.
[[nodiscard]] std::vector<answer::TransferRules> transfer_rules_of(const Settings& settings);

// What the command line asks for.
struct Serve {
  Settings settings;
  bool check_only = false;  // --check
};
struct Print {  // --help, --version: to stdout, exit 0
  std::string text;
};
struct Copy {  // --backup, --restore
  std::string database;
  std::string file;  // the back-up
  bool is_restore = false;
};
struct HashToken {};  // --hash-token: reads a token from stdin, prints what settings have of it
using Command = std::variant<Serve, Print, Copy, HashToken>;

// One line of `in`, as the line of a [[token]] that admits it. Errc::start_up: it cannot be a token.
[[nodiscard]] Result<Command> hash_typed_token(std::FILE* in);

// Reads flags (without the program's name) and the file they name (`rollcall.toml` in the working directory where it
// exists and no --config is given). Called again with the same arguments at SIGHUP. Paths stay as written: relative
// ones to the working directory.
[[nodiscard]] Result<Command> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace rollcall::ops
