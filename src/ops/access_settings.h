// Who may use the API: `[[token]]`, `[[certificate]]`, and the two keys of `[http]` that open it.
//
// Failure  as settings.h; no message repeats a hash.
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

// Zones are names here: which of them are served is known when the flags have been read.
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
  std::vector<TokenSettings> tokens;              // no name and no hash twice
  std::vector<CertificateSettings> certificates;  // the first that matches counts
  bool open = false;
  bool open_metrics = false;
};

// [http]: open and open_metrics. The section stays open for its other keys.
void read_openings(Section& http, AccessSettings& access);
// After [http] and its TLS: what they say must fit together.
void read_tokens(std::vector<Section> tables, Settings& settings);
void read_certificates(std::vector<Section> tables, Settings& settings);

// What concerns more than one table: the zones that tokens and certificates name are served; a CA has rules for those it
// signs for. Errc::start_up.
[[nodiscard]] Result<void> check_access(const Settings& settings);

// As the API reads them.
[[nodiscard]] api::AccessRules access_rules_of(const Settings& settings);

// --hash-token: what was typed, as the line of a [[token]] that admits it.
[[nodiscard]] Result<std::string> hash_token(std::string_view typed);

}  // namespace rollcall::ops
