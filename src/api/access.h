// Tokens and client certificates, and what each of them permits.
//
// Shape    while none is configured, everybody may read, and this machine may change (or everybody: `open`). As soon as one
//          is, every call except /healthz and /readyz needs credentials, also from this machine.
// Threads  values are immutable once in an Access; `Access` any.
// Source   RFC 6750 (bearer tokens); docs/security.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/guarded.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "registry/instance/instance.h"

namespace rollcall::api {

// What a call needs, and what credentials give: each includes those before it.
enum class Right : std::uint8_t {
  none,   // anybody who reaches the port: probes
  read,   // looks at the roll
  write,  // changes it, heartbeats among that
  admin,  // everything, in every zone and of every service
};
[[nodiscard]] std::string_view to_text(Right right);

struct Grant {
  Right right = Right::none;
  std::optional<std::vector<registry::ZoneId>> zones;  // absent: all
  std::vector<std::string> services = {"*"};           // shell patterns; case does not matter
  bool no_lease = false;                               // registrations without a lease, which stay until deregistered

  [[nodiscard]] bool covers(registry::ZoneId zone) const;
  [[nodiscard]] bool covers(const registry::ServiceRef& service) const;
  // A range: every zone where none is named, every service where none is named, including those that do not exist yet.
  [[nodiscard]] bool covers(std::optional<registry::ZoneId> zone, std::optional<std::string_view> service) const;
};

struct Token {
  std::string name;  // as the audit log shows it
  Sha256 hash;       // of the token; the token itself is nowhere
  Grant grant;
};

// For client certificates that the handshake has verified. The first rule that matches one of its names counts.
struct CertificateRule {
  std::string match;  // a shell pattern over the names; case does not matter
  Grant grant;
};

struct AccessRules {
  std::vector<Token> tokens;
  std::vector<CertificateRule> certificates;
  bool open = false;          // without tokens and certificates: changes are for everybody
  bool open_metrics = false;  // /metrics needs no credentials

  [[nodiscard]] bool ask_for_credentials() const { return !tokens.empty() || !certificates.empty(); }
};

// The rules in force. A reader may keep those it has read as long as the generation is the same.
class Access {
 public:
  using Shared = std::shared_ptr<const AccessRules>;

  explicit Access(AccessRules rules) : rules_(std::make_shared<const AccessRules>(std::move(rules))) {}

  // For requests from now on, also on connections that are open.
  void replace(AccessRules rules);
  [[nodiscard]] Shared current() const;
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  Guarded<Shared> rules_;
  std::atomic<std::uint64_t> generation_{1};
};

// Compares with every token, so that the time does not tell which one matched. Null: none.
[[nodiscard]] const Token* find_token(const AccessRules& rules, std::string_view token);

// `Bearer` and a token (RFC 6750 §2.1). Empty: something else. The text is what stands in the header field.
[[nodiscard]] std::optional<std::string_view> parse_bearer(std::string_view authorization);

// Whether the text has the form of a token: the characters RFC 6750 §2.1 has for tokens, at most k_token_bytes_max of them.
[[nodiscard]] bool is_token(std::string_view text);

}  // namespace rollcall::api
