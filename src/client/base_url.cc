#include "client/base_url.h"

#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

namespace rollcall::client {
namespace {

namespace urls = boost::urls;

constexpr std::uint16_t k_http_port = 80;
constexpr std::uint16_t k_https_port = 443;
constexpr std::uint16_t k_registry_port = 8500;

std::unexpected<Error> refused(std::string_view text, std::string_view why) {
  return failure(Errc::invalid, fmt::format("\"{}\" is not the address of a registry: {}", text, why));
}

std::uint16_t default_port(bool has_scheme, bool is_secure) {
  if (!has_scheme) return k_registry_port;
  return is_secure ? k_https_port : k_http_port;
}

}  // namespace

std::string BaseUrl::authority() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<BaseUrl> parse_base_url(std::string_view text) {
  const bool has_scheme = text.find("://") != std::string_view::npos;
  const std::string whole = has_scheme ? std::string(text) : fmt::format("http://{}", text);
  const auto parsed = urls::parse_uri(whole);
  if (!parsed || parsed->encoded_host().empty()) return refused(text, "write http://HOST:PORT");
  const urls::url_view url = *parsed;
  BaseUrl base;
  base.is_secure = url.scheme_id() == urls::scheme::https;
  if (!base.is_secure && url.scheme_id() != urls::scheme::http) return refused(text, "it must be http or https");
  if (url.has_userinfo()) return refused(text, "a token is given with --token, not in the address");
  if (url.has_query() || url.has_fragment()) return refused(text, "it ends with the path");
  base.host = url.host_type() == urls::host_type::ipv6 ? std::string(url.host_address()) : std::string(url.host());
  base.port = url.has_port() && !url.port().empty() ? url.port_number() : default_port(has_scheme, base.is_secure);
  if (base.port == 0) return refused(text, "a port is 1 to 65535");
  base.prefix = std::string(url.encoded_path());
  // Boost.URL 1.81 parses "host:word" as an empty port and a path without a slash; RFC 3986 §3.3 forbids such a path.
  if (!base.prefix.empty() && !base.prefix.starts_with('/')) return refused(text, "write http://HOST:PORT");
  while (base.prefix.ends_with('/')) base.prefix.pop_back();
  return base;
}

std::string encode_segment(std::string_view text) {
  return urls::encode(urls::string_view(text.data(), text.size()), urls::unreserved_chars);
}

}  // namespace rollcall::client
