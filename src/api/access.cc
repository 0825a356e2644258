#include "api/access.h"

#include <algorithm>
#include <array>
#include <fnmatch.h>
#include <utility>

#include "base/limits.h"

namespace rollcall::api {
namespace {

constexpr std::string_view k_scheme = "Bearer ";

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// The copy that fnmatch needs, with its end, fits on the stack: other doors take names longer than a label.
bool matches(const std::vector<std::string>& patterns, std::string_view service) {
  std::array<char, limits::k_door_id_bytes_max + 1> name{};
  if (service.size() > limits::k_door_id_bytes_max) return false;
  std::ranges::copy(service, name.begin());
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return pattern == "*" || fnmatch(pattern.c_str(), name.data(), FNM_CASEFOLD) == 0;
  });
}

}  // namespace

std::string_view to_text(Right right) {
  switch (right) {
    case Right::none: return "none";
    case Right::read: return "read";
    case Right::write: return "write";
    case Right::admin: return "admin";
  }
  return "";
}

bool Grant::covers(registry::ZoneId zone) const { return !zones || std::ranges::find(*zones, zone) != zones->end(); }

bool Grant::covers(const registry::ServiceRef& service) const {
  return covers(service.zone) && matches(services, service.name);
}

bool Grant::covers(std::optional<registry::ZoneId> zone, std::optional<std::string_view> service) const {
  const bool has_zone = zone ? covers(*zone) : !zones.has_value();
  return has_zone && (service ? matches(services, *service) : std::ranges::find(services, "*") != services.end());
}

void Access::replace(AccessRules rules) {
  auto fresh = std::make_shared<const AccessRules>(std::move(rules));
  rules_.with([&](Shared& current) { current = std::move(fresh); });
  generation_.fetch_add(1, std::memory_order_release);  // after the rules: who sees it finds them
}

Access::Shared Access::current() const {
  return rules_.with([](const Shared& current) { return current; });
}

const Token* find_token(const AccessRules& rules, std::string_view token) {
  const Sha256 hash = sha256(token);
  const Token* found = nullptr;
  for (const Token& each : rules.tokens) {
    if (equal_in_constant_time(each.hash, hash)) found = &each;
  }
  return found;
}

bool is_token(std::string_view text) {
  if (text.size() > limits::k_token_bytes_max) return false;
  const std::size_t end = text.find_last_not_of('=');
  if (end == std::string_view::npos) return false;
  return std::ranges::all_of(text.substr(0, end + 1), [](char c) {
    return is_letter_or_digit(c) || std::string_view("-._~+/").find(c) != std::string_view::npos;
  });
}

std::optional<std::string_view> parse_bearer(std::string_view authorization) {
  if (authorization.size() < k_scheme.size()) return std::nullopt;
  const bool is_bearer = std::ranges::equal(authorization.substr(0, k_scheme.size()), k_scheme,
                                            [](char a, char b) { return (a | 0x20) == (b | 0x20); });
  if (!is_bearer) return std::nullopt;
  std::string_view token = authorization.substr(k_scheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  if (!is_token(token)) return std::nullopt;
  return token;
}

}  // namespace rollcall::api
