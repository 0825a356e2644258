#include "base/http_url.h"

#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

namespace rollcall {
namespace {

namespace urls = boost::urls;

std::unexpected<Error> refused(std::string_view why) { return failure(Errc::invalid, std::string(why)); }

}  // namespace

std::string HttpUrl::authority() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<HttpUrl> parse_http_url(std::string_view text, const HttpUrlRules& rules) {
  const auto parsed = urls::parse_uri(urls::string_view(text.data(), text.size()));
  if (!parsed || parsed->encoded_host().empty()) return refused("write http://HOST:PORT");
  const urls::url_view found = *parsed;
  HttpUrl url;
  url.is_secure = found.scheme_id() == urls::scheme::https;
  if (!url.is_secure && found.scheme_id() != urls::scheme::http) return refused("it must be http or https");
  if (found.has_userinfo()) return refused(rules.instead_of_userinfo);
  if (found.has_query() || found.has_fragment()) return refused("it ends with the path");
  const bool is_v6 = found.host_type() == urls::host_type::ipv6;
  url.host = is_v6 ? std::string(found.host_address()) : std::string(found.host());
  const bool has_port = found.has_port() && !found.port().empty();
  url.port = has_port ? found.port_number() : url.is_secure ? rules.https_port : rules.http_port;
  if (url.port == 0) return refused("a port is 1 to 65535");
  url.prefix = std::string(found.encoded_path());
  // Boost.URL 1.81 parses "host:word" as an empty port and a path without a slash; RFC 3986 §3.3 forbids such a path.
  if (!url.prefix.empty() && !url.prefix.starts_with('/')) return refused("write http://HOST:PORT");
  while (url.prefix.ends_with('/')) url.prefix.pop_back();
  return url;
}

std::string encode_segment(std::string_view text) {
  return urls::encode(urls::string_view(text.data(), text.size()), urls::unreserved_chars);
}

}  // namespace rollcall
