#include "ops/settings_values.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "base/duration.h"
#include "ops/credentials.h"

namespace rollcall::ops {

Result<IpEndpoint> parse_listen(std::string_view text, const std::vector<IpEndpoint>& before) {
  const std::optional<IpEndpoint> endpoint = IpEndpoint::parse(text);
  if (!endpoint) {
    return failure(Errc::start_up,
                   fmt::format(R"("{}" is not ADDR:PORT; write an IP address and a port, as "127.0.0.1:8600" )"
                               R"(or "[::1]:8600")",
                               text));
  }
  if (endpoint->address.is_multicast()) {
    return failure(Errc::start_up, fmt::format(R"("{}" is a multicast address, where nothing can listen)", text));
  }
  if (endpoint->port != 0 && std::ranges::find(before, *endpoint) != before.end()) {
    return failure(Errc::start_up, fmt::format("{} is listed twice", endpoint->text()));
  }
  if (before.size() >= limits::k_listen_max) {
    return failure(Errc::start_up, fmt::format("more than {} addresses", limits::k_listen_max));
  }
  return *endpoint;
}

Result<dns::Name> parse_zone_name(std::string_view text, const ListedZones& before) {
  const std::optional<dns::Name> name = dns::Name::parse(text);
  if (!name || text.empty()) {
    return failure(Errc::start_up, fmt::format(R"("{}" is not a domain name; write one as "svc.internal")", text));
  }
  if (name->is_root()) return failure(Errc::start_up, R"(the root cannot be a zone of services; write "svc.internal")");
  if (before.find(*name)) {
    return failure(Errc::start_up, fmt::format("zone {} is listed twice", name->text_without_dot()));
  }
  if (before.size() >= limits::k_zones_max) {
    return failure(Errc::start_up, fmt::format("more than {} zones", limits::k_zones_max));
  }
  return *name;
}

Result<std::string> parse_path(std::string_view text) {
  if (text.empty()) return failure(Errc::start_up, "must name a file, and is empty");
  if (text.find('\0') != std::string_view::npos) return failure(Errc::start_up, "no file's name contains a NUL");
  if (const auto credential = credential_in(text)) return credential_path(*credential);
  return std::string(text);
}

Result<std::chrono::milliseconds> parse_duration_text(std::string_view text) {
  if (const auto duration = parse_duration(text)) return *duration;
  return failure(
      Errc::start_up,
      fmt::format(R"("{}" is not a duration; write one as "500ms", "15s", "1m30s", or an integer of seconds)", text));
}

Result<log::Level> parse_log_level(std::string_view text) {
  if (const auto level = log::parse_level(text)) return *level;
  return failure(Errc::start_up, fmt::format(R"("{}" is not one of "trace", "debug", "info", "warn", "error")", text));
}

Result<log::Format> parse_log_format(std::string_view text) {
  if (text == "text") return log::Format::text;
  if (text == "json") return log::Format::json;
  return failure(Errc::start_up, fmt::format(R"("{}" is not one of "text", "json")", text));
}

Result<answer::WhenEmpty> parse_when_empty(std::string_view text) {
  if (text == "nodata") return answer::WhenEmpty::nodata;
  if (text == "nxdomain") return answer::WhenEmpty::nxdomain;
  if (text == "servfail") return answer::WhenEmpty::servfail;
  return failure(Errc::start_up, fmt::format(R"("{}" is not one of "nodata", "nxdomain", "servfail")", text));
}

Result<std::string> parse_identity(std::string_view text) {
  const bool is_printable = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; });
  if (is_printable && text.size() <= limits::k_identity_bytes_max) return std::string(text);
  return failure(Errc::start_up, fmt::format("must be at most {} printable ASCII characters; \"\" keeps it secret",
                                             limits::k_identity_bytes_max));
}

Result<SipHashKey> parse_cookie_secret(std::string_view text) {
  const Result<std::string> held = text_or_credential(text);
  if (!held) return std::unexpected(held.error());
  if (const auto secret = dns::parse_cookie_secret(*held)) return *secret;
  return failure(Errc::start_up, "must be 32 hexadecimal digits each, as `openssl rand -hex 16` prints them");
}

Result<IpPrefix> parse_prefix(std::string_view text) {
  if (const auto prefix = IpPrefix::parse(text)) return *prefix;
  return failure(
      Errc::start_up,
      fmt::format(R"("{}" is not a network; write one as "192.0.2.0/24" or "2001:db8::/32", with no bit set )"
                  R"(behind its prefix, or an address alone)",
                  text));
}

Result<std::int64_t> check_integer(std::int64_t value, std::int64_t min, std::int64_t max) {
  if (value >= min && value <= max) return value;
  return failure(Errc::start_up, fmt::format("must be {} to {}, not {}", min, max, value));
}

Result<std::chrono::milliseconds> check_duration(std::chrono::milliseconds value, std::chrono::milliseconds min,
                                                 std::chrono::milliseconds max) {
  if (value >= min && value <= max) return value;
  const std::string found = value < std::chrono::milliseconds(0) ? "a negative duration" : format_duration(value);
  return failure(Errc::start_up,
                 fmt::format("must be {} to {}, not {}", format_duration(min), format_duration(max), found));
}

}  // namespace rollcall::ops
