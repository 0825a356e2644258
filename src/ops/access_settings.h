// Access control settings of the HTTP API: `[[token]]`, `[[certificate]]`, and the keys `open`, `open_metrics` and
// `hosts` of `[http]`.
//
// Threads  values; read and checked at start and at a reload.
// Failure  as in settings.h; no error message contains a token or its hash.
// Source   docs/settings.md, docs/security.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/access.h"
#include "base/digest.h"
#include "base/result.h"
#include "dns/name.h"

namespace rollcall::ops {

class Section;
struct Settings;

// What a token or certificate may do. Zones are stored as names: the served zones are known only after the flags are
// read.
struct GrantSettings {
  api::Right right = api::Right::read;
  std::optional<std::vector<dns::Name>> zones;  // absent: all
  std::vector<std::string> services = {"*"};
  bool no_lease = false;
  friend bool operator==(const GrantSettings&, const GrantSettings&) = default;
};

struct TokenSettings {
  std::string name;
  Sha256 hash{};
  GrantSettings grant;
};

struct CertificateSettings {
  std::string match;
  GrantSettings grant;
};

struct AccessSettings {
  std::vector<TokenSettings> tokens;              // names and hashes are unique
  std::vector<CertificateSettings> certificates;  // the first match wins
  bool open = false;
  bool open_metrics = false;
  std::vector<std::string> hosts;  // lower case, without ports
};

// Reads `open`, `open_metrics` and `hosts` of [http]. The caller reads the other keys and calls `finish`.
void read_openings(Section& http, AccessSettings& access);
// Read [[token]] and [[certificate]]. Call them after [http] and its TLS were read, because these settings are checked
// against each other.
void read_tokens(std::vector<Section> tables, Settings& settings);
void read_certificates(std::vector<Section> tables, Settings& settings);

// Checks across tables: tokens and certificates name only served zones, and a client CA has at least one
// [[certificate]] rule. Errc::start_up.
[[nodiscard]] Result<void> check_access(const Settings& settings);

// Converts the settings to the rules that the API uses.
[[nodiscard]] api::AccessRules access_rules_of(const Settings& settings);

// localhost, the host's name, and its first label where it has more; in lower case.
[[nodiscard]] std::vector<std::string> names_of_machine();

// --hash-token: returns the `hash` line for a [[token]] that accepts the token `typed`.
[[nodiscard]] Result<std::string> hash_token(std::string_view typed);

}  // namespace rollcall::ops
