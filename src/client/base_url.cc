#include "client/base_url.h"

#include <fmt/format.h>

namespace rollcall::client {
namespace {

constexpr std::uint16_t k_registry_port = 8500;
constexpr std::string_view k_token_goes = "a token is given with --token, not in the address";

}  // namespace

Result<BaseUrl> parse_base_url(std::string_view text) {
  const bool has_scheme = text.find("://") != std::string_view::npos;
  HttpUrlRules rules{.instead_of_userinfo = k_token_goes};
  if (!has_scheme) rules.http_port = k_registry_port;
  Result<BaseUrl> base = parse_http_url(has_scheme ? std::string(text) : fmt::format("http://{}", text), rules);
  if (base) return base;
  return failure(Errc::invalid, fmt::format("\"{}\" is not the address of a registry: {}", text, base.error().message));
}

}  // namespace rollcall::client
