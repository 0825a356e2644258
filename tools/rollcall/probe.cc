#include "tools/rollcall/probe.h"

#include <fmt/format.h>
#include <memory>

#include "base/ip_address.h"
#include "client/http_client.h"
#include "tools/rollcall/socket.h"

namespace rollcall::cli {
namespace {

constexpr std::string_view k_http = "http:";

}  // namespace

Result<std::function<bool()>> make_probe(std::string_view text, const std::string& address, std::uint16_t port,
                                         std::chrono::milliseconds timeout) {
  const auto parsed = IpAddress::parse(address);
  if (!parsed)
    return failure(Errc::start_up, fmt::format("--address must be an IPv4 or IPv6 address, not {}", address));
  const IpEndpoint endpoint{*parsed, port};
  if (text == "none") return std::function<bool()>();
  if (text == "tcp") {
    return [endpoint, timeout] { return Socket::stream(endpoint.address).connect(endpoint, timeout); };
  }
  if (!text.starts_with("http:/")) {
    return failure(Errc::start_up, fmt::format("--probe must be tcp, http:/path or none, not {}", text));
  }
  client::HttpSettings settings;
  settings.urls = {"http://" + endpoint.text()};
  settings.timeout = timeout;
  Result<client::HttpClient> opened = client::HttpClient::open(settings);
  if (!opened) return std::unexpected(opened.error());
  auto client = std::make_shared<client::HttpClient>(std::move(*opened));
  client::HttpRequest request;
  request.target = text.substr(k_http.size());
  return [client, request] {
    const auto response = client->call(request);
    return response && response->status >= 200 && response->status < 400;
  };
}

}  // namespace rollcall::cli
