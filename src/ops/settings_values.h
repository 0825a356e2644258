// Parsers for single values of settings, shared by the settings file and the flags.
//
// Threads  any; pure.
// Failure  Errc::start_up; the message names neither key nor flag: the caller adds the location.
// Source   interface.md §1, §5.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "answer/zone/policy.h"
#include "base/ip_address.h"
#include "base/ip_prefix.h"
#include "base/log.h"
#include "base/result.h"
#include "dns/name.h"
#include "ops/settings.h"

namespace rollcall::ops {

// Parses a listen address and refuses a duplicate of one in `before`. Port 0 may be repeated: each gets a free port.
[[nodiscard]] Result<IpEndpoint> parse_listen(std::string_view text, const std::vector<IpEndpoint>& before);

// The zones listed so far, with a hash lookup by name.
class ListedZones {
 public:
  void add(const dns::Name& name, std::size_t place) { places_.emplace(name.folded_wire(), place); }
  [[nodiscard]] std::optional<std::size_t> find(const dns::Name& name) const {
    const auto at = places_.find(name.folded_wire());
    return at == places_.end() ? std::nullopt : std::optional(at->second);
  }
  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  std::unordered_map<std::string, std::size_t> places_;
};
// Parses a zone's name and refuses a duplicate of one in `before`.
[[nodiscard]] Result<dns::Name> parse_zone_name(std::string_view text, const ListedZones& before);

// A file, or a credential (credentials.h).
[[nodiscard]] Result<std::string> parse_path(std::string_view text);
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration_text(std::string_view text);
[[nodiscard]] Result<log::Level> parse_log_level(std::string_view text);
[[nodiscard]] Result<log::Format> parse_log_format(std::string_view text);
[[nodiscard]] Result<answer::WhenEmpty> parse_when_empty(std::string_view text);

// An identity text (NSID, version, host name): printable ASCII, at most k_identity_bytes_max bytes, or empty.
[[nodiscard]] Result<std::string> parse_identity(std::string_view text);
[[nodiscard]] Result<SipHashKey> parse_cookie_secret(std::string_view text);

[[nodiscard]] Result<IpPrefix> parse_prefix(std::string_view text);

// Check that a value is within the bounds, which are inclusive.
[[nodiscard]] Result<std::int64_t> check_integer(std::int64_t value, std::int64_t min, std::int64_t max);
[[nodiscard]] Result<std::chrono::milliseconds> check_duration(std::chrono::milliseconds value,
                                                               std::chrono::milliseconds min,
                                                               std::chrono::milliseconds max);

}  // namespace rollcall::ops
