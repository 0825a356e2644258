#include "api/consul/agent/plan.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "base/ascii_case.h"
#include "base/limits.h"
#include "consul/names.h"
#include "health/json_values.h"

namespace rollcall::api::consul {
namespace {

using health::Check;
using health::CheckType;
using health::is_host;
using rollcall::consul::CheckDefinition;
using std::chrono::milliseconds;

constexpr milliseconds k_timeout_default = std::chrono::seconds(10);  // Consul's
constexpr milliseconds k_alias_interval = std::chrono::seconds(1);

std::unexpected<Error> invalid_check(std::string why) {
  return failure(Errc::invalid, fmt::format("Invalid check: {}", why));
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<void> read_url(const CheckDefinition& definition, Check& check) {
  const std::string& text = definition.target;
  const auto url = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  const bool is_http = url && (url->scheme() == "http" || url->scheme() == "https");
  if (!is_http) return invalid_check(fmt::format("\"{}\" is no URL of http or https", text.substr(0, 256)));
  check.uses_tls = url->scheme() == "https";
  const auto address = url->host_address();
  check.address.assign(address.data(), address.size());
  if (!is_host(check.address)) return invalid_check(fmt::format("\"{}\" names no host", text.substr(0, 256)));
  check.port = url->port_number() != 0 ? url->port_number() : (check.uses_tls ? 443 : 80);
  const auto authority = url->encoded_host_and_port();
  check.host.assign(authority.data(), authority.size());
  const auto path = url->encoded_target();
  check.path.assign(path.data(), path.size());
  if (!check.path.starts_with('/')) check.path.insert(0, "/");
  if (check.path.size() > limits::k_check_text_max || !is_visible(check.path)) {
    return invalid_check(
        fmt::format("the path of its URL must be visible ASCII of at most {} octets", limits::k_check_text_max));
  }
  return {};
}

// "192.0.2.1:80", "db.example:5432", "[2001:db8::1]:80"
Result<void> read_endpoint(std::string_view text, Check& check) {
  const std::size_t colon = text.rfind(':');
  const std::string_view digits = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  std::string_view host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), check.port);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const bool is_right =
      error == std::errc() && end == digits.data() + digits.size() && check.port != 0 && is_host(host);
  if (!is_right) return invalid_check(fmt::format("\"{}\" is no host and port", text.substr(0, 256)));
  check.address = host;
  return {};
}

Result<void> read_tls(const CheckDefinition& definition, Check& check) {
  if (definition.type != "http") check.uses_tls = definition.uses_tls;
  check.skips_tls_verify = definition.skips_tls_verify;
  check.tls_name = definition.tls_server_name;
  if (!is_visible(check.tls_name)) return invalid_check("its TLSServerName is no name");
  return {};
}

Result<void> read_request(const CheckDefinition& definition, Check& check) {
  const bool is_token =
      std::ranges::all_of(definition.method, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
  if (!is_token || definition.method.size() > 32) return invalid_check("its Method is no method of HTTP");
  for (const auto& [name, value] : definition.header) {
    const bool has_line_end = value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
    if (name.empty() || !is_visible(name) || name.contains(':') || has_line_end) {
      return invalid_check("its Header has what no field can be");
    }
  }
  check.method = definition.method == "GET" ? std::string() : definition.method;
  check.header = definition.header;
  check.body = definition.body;
  check.expect_status.emplace_back();  // 200 to 299
  return read_tls(definition, check);
}

std::uint16_t at_least_once(std::uint16_t count) { return std::max<std::uint16_t>(count, 1); }

CheckType type_of(const CheckDefinition& definition) {
  if (definition.type == "udp") return CheckType::udp;
  if (definition.type == "grpc") return CheckType::grpc;
  if (definition.type == "h2ping") return CheckType::h2ping;
  return CheckType::tcp;
}

Result<Check> check_of(const CheckDefinition& definition, std::string_view host, std::string_view own_node) {
  Check check;
  check.id = definition.id;
  check.rise = check.fall = 1;
  check.pass_after = at_least_once(definition.success_before_passing);
  check.critical_after = at_least_once(definition.failures_before_critical);
  check.warn_after = at_least_once(definition.failures_before_warning);
  check.interval = std::clamp(definition.interval, limits::k_check_interval_min, limits::k_check_interval_max);
  const milliseconds timeout = definition.timeout > milliseconds::zero() ? definition.timeout : k_timeout_default;
  check.timeout = std::clamp(timeout, limits::k_check_timeout_min, limits::k_check_interval_max);
  Result<void> read;
  if (definition.type == "http") {
    check.type = CheckType::http;
    read = read_url(definition, check);
    if (read) read = read_request(definition, check);
  } else if (definition.type == "ttl") {
    check.type = CheckType::ttl;
    check.interval = std::clamp(definition.ttl, milliseconds(1), limits::k_door_lease_max);
  } else if (definition.type == "alias") {
    check.type = definition.target.empty() ? CheckType::alias_node : CheckType::alias;
    check.interval = k_alias_interval;
    const bool is_own = equal_but_for_case(definition.alias_node, own_node);
    const std::string_view on = definition.alias_node.empty() ? host
                                : is_own                      ? std::string_view()
                                                              : definition.alias_node;
    check.target = definition.target.empty() ? std::string(on) : rollcall::consul::roll_id(definition.target, on);
  } else {
    check.type = type_of(definition);
    std::string_view endpoint = definition.target;
    if (const std::size_t slash = endpoint.find('/');
        check.type == CheckType::grpc && slash != std::string_view::npos) {
      check.target = endpoint.substr(slash + 1);
      endpoint = endpoint.substr(0, slash);
    }
    read = read_endpoint(endpoint, check);
    if (read) read = read_tls(definition, check);
  }
  if (!read) return std::unexpected(read.error());
  return check;
}

}  // namespace

Result<health::SharedPlan> plan_of(const rollcall::consul::Attributes& attributes, std::string_view own_node,
                                   std::string_view lease_check) {
  health::Plan plan;
  for (const CheckDefinition& definition : attributes.checks) {
    if (definition.id == lease_check || definition.type.empty()) continue;
    Result<Check> check = check_of(definition, attributes.host, own_node);
    if (!check) return std::unexpected(check.error());
    plan.checks.push_back(std::move(*check));
  }
  if (std::ranges::count_if(plan.checks, [](const Check& check) { return check.type != CheckType::ttl; }) >
      std::ptrdiff_t{limits::k_checks_max}) {
    return invalid_check(fmt::format("this server runs at most {} of one service", limits::k_checks_max));
  }
  return health::SharedPlan(std::move(plan));
}

}  // namespace rollcall::api::consul
