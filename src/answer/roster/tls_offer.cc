#include "answer/roster/tls_offer.h"

#include <algorithm>
#include <string_view>

#include "base/ascii_case.h"

namespace rollcall::answer {
namespace {

constexpr std::string_view k_alpn_key = "alpn";
constexpr std::size_t k_alpn_id_bytes_max = 255;

bool needs_tcp(std::string_view id) { return id == "h2" || id.starts_with("http/"); }

bool is_http_over_tls(std::string_view id) { return id == "h2" || id == "h3" || id == "http/1.1"; }

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Calls visit(id) for each that the instance can offer, until one returns false.
void for_each_id(const registry::Instance& instance, auto&& visit) {
  for (const auto& [key, value] : instance.meta()) {
    if (!equal_but_for_case(key, k_alpn_key)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view id = trim(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      const bool is_id = !id.empty() && id.size() <= k_alpn_id_bytes_max && id != "h2c";
      const bool is_reached = instance.protocol() == registry::Protocol::tcp || !needs_tcp(id);
      if (is_id && is_reached && !visit(id)) return;
    }
  }
}

}  // namespace

bool offers_tls(const registry::Instance& instance, dns::Type type) {
  bool offers = false;
  for_each_id(instance, [&](std::string_view id) {
    offers = type == dns::Type::svcb || is_http_over_tls(id);
    return !offers;
  });
  return offers;
}

std::string alpn_value(const registry::Instance& instance) {
  std::string value;
  for_each_id(instance, [&](std::string_view id) {
    value.append(1, static_cast<char>(id.size())).append(id);
    return true;
  });
  return value;
}

}  // namespace rollcall::answer
