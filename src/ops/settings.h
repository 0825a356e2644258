// Settings: `rollcall.toml` and command-line flags, as one validated value. A flag overrides the file.
//
// Shape    value type.
// Threads  parsed on the main thread, at start and at SIGHUP.
// Failure  Errc::start_up; the message names file, line and key, and says which values are valid.
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
#include "ops/cluster_settings.h"
#include "ops/consul_settings.h"
#include "ops/transfer_settings.h"
#include "registry/expiry_limit.h"
#include "registry/instance/registration.h"

namespace rollcall::ops {

struct ZoneSettings {
  dns::Name name;
  std::string file;  // empty: `zones/<name>.zone`; svc.internal falls back to the built-in file
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

// TLS listeners and their certificate: `[dns.tls]`, `[http.tls]`. No address in `listen`: TLS is off.
struct TlsSettings {
  std::vector<IpEndpoint> listen;
  std::string certificate;  // file, PEM, with its chain
  std::string key;          // file, PEM
  std::string client_ca;    // file, PEM; [http.tls] only. Empty: the server does not request client certificates
  bool needs_client_certificate = false;
  friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

// `[dns.rrl]`, response rate limiting; see answer::RateLimit.
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
  std::uint32_t dns_ttl_seconds = 1;   // the default for zones without a `ttl`
  std::size_t udp_payload = 1232;      // 512 … 65535
  std::size_t max_tcp_connections = 1000;
  std::optional<std::string> nsid;           // RFC 5001, and CH TXT id.server; "": not sent, as for the next two
  std::optional<std::string> version;        // CH TXT version.bind, version.server
  std::optional<std::string> hostname;       // CH TXT hostname.bind
  bool explain = false;                      // `_explain.<name>` TXT
  bool cookies = true;                       // RFC 7873
  dns::CookieSecrets cookie_secrets;         // the first one signs new cookies; empty: a random one per start
  std::uint32_t cookies_required_above = 0;  // UDP queries per second without a cookie; 0: never required
  std::size_t max_tcp_connections_per_client = 100;  // 0: no limit
  std::vector<IpPrefix> dns_allow;                   // empty: all clients
  std::vector<IpPrefix> dns_deny;
  TlsSettings dns_tls;
  RateLimitSettings rate_limit;
  std::size_t transfer_journal_bytes = limits::k_journal_bytes_default;  // per transferred zone
  std::size_t max_transfers = limits::k_transfers_default;               // at once
  // [[key]], names are unique
  dns::TsigKeys keys;
  // [http]
  std::vector<IpEndpoint> http_listen;  // default 127.0.0.1:8500
  std::size_t max_http_connections = limits::k_http_connections_max;
  std::size_t max_http_connections_per_client = 1000;  // 0: no limit
  TlsSettings http_tls;                                // certificate and key default to those of dns_tls
  // [http], [[token]], [[certificate]]
  AccessSettings access;
  // [store]
  std::string store_path = "rollcall.db";
  // [history]
  std::uint64_t history_rows = limits::k_history_rows_default;  // 0: no history
  std::chrono::milliseconds history_age = limits::k_history_age_default;
  // [lease]
  registry::LeaseBounds lease;
  std::chrono::milliseconds forget_service_after = std::chrono::hours(1);
  registry::ExpiryRule expiry;
  // [checks]
  std::size_t checks_in_flight = limits::k_checks_in_flight_default;
  std::vector<IpPrefix> checks_allow;  // addresses that checks may contact; empty: all
  std::vector<IpPrefix> checks_deny;
  // [[zone]], at least one; the first is the default zone of registrations
  std::vector<ZoneSettings> zones;
  // [[service]]
  std::vector<ServiceRule> service_rules;
  // [consul]
  ConsulSettings consul;
  // [cluster], [etcd]; absent: a single node, no etcd
  std::optional<ClusterSettings> cluster;
  std::optional<EtcdSettings> etcd;
  std::string file = {};       // they were read from; empty: there was none
  bool holds_secrets = false;  // the file itself, not files or credentials that it names
  // [log]
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::text;
};

// The defaults of interface.md §1.
[[nodiscard]] Settings default_settings();
// The only zone of the default settings: svc.internal.
[[nodiscard]] ZoneSettings default_zone(std::uint32_t ttl_seconds);
// `zones/<name>.zone`: the zone file's path when the settings do not name one.
[[nodiscard]] std::string default_zone_file(const dns::Name& zone);

// Parses the text of a settings file; error messages use `source` as the file's name.
[[nodiscard]] Result<Settings> parse_settings(std::string_view toml, std::string_view source);

// The policy of one service: that of its zone, overridden by the first matching rule. Any thread.
[[nodiscard]] answer::AnswerPolicy policy_of(const ZoneSettings& zone, const std::vector<ServiceRule>& rules,
                                             std::string_view service);

// The changed keys that take effect only after a restart; a reload warns about them.
[[nodiscard]] std::vector<std::string> settings_that_need_a_restart(const Settings& running, const Settings& wanted);

// What the server reveals about itself (NSID, CH TXT): the settings, or the host name and the program's version.
[[nodiscard]] answer::Identity identity_of(const Settings& settings);
// The configured cookie secrets, or a random one; empty: cookies are off.
[[nodiscard]] dns::CookieSecrets cookie_secrets_of(const Settings& settings);

// The ACL for DNS queries, and the response rate limit.
[[nodiscard]] answer::AccessList access_of(const Settings& settings);
[[nodiscard]] answer::RateLimit rate_limit_of(const Settings& settings);
// The ACL for the targets of health checks.
[[nodiscard]] answer::AccessList check_access_of(const Settings& settings);
// The zone transfer rules, indexed by ZoneId.
[[nodiscard]] std::vector<answer::TransferRules> transfer_rules_of(const Settings& settings);

// The command line, parsed: run the server, or one of the other commands.
struct Serve {
  Settings settings;
  bool check_only = false;  // --check
  bool takes_over = false;  // --takeover
};
struct Print {  // --help, --version: to stdout, exit 0
  std::string text;
};
struct Copy {  // --backup, --restore
  std::string database;
  std::string file;  // the back-up
  bool is_restore = false;
};
struct HashToken {};  // --hash-token: reads a token from stdin, prints the `hash` line for the settings file
using Command = std::variant<Serve, Print, Copy, HashToken>;

// Reads a token from one line of `in`; returns the `hash` line for a [[token]] to print. Errc::start_up: not a valid
// token.
[[nodiscard]] Result<Command> hash_typed_token(std::FILE* in);

// Whether an error of `parse_command_line` is one of the flags themselves: the exit code is 2 then. A file that a flag names is
// none.
[[nodiscard]] bool is_misuse(const Error& error);

// Reads the flags (`arguments`, without the program's name) and the settings file. Without --config, it reads
// `rollcall.toml` in the working directory if that exists. At SIGHUP it is called again with the same arguments.
// Relative paths are relative to the working directory.
[[nodiscard]] Result<Command> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace rollcall::ops
