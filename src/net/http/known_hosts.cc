#include "net/http/known_hosts.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "api/problem.h"
#include "base/ascii_case.h"
#include "base/ip_address.h"

namespace rollcall::net {
namespace {

constexpr std::size_t k_quoted_host_max = 200;  // of a name, in a sentence about it

bool is_host(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*.")) return equal_but_for_case(name, pattern);
  const std::size_t dot = name.find('.');
  return dot != 0 && dot != std::string_view::npos && equal_but_for_case(name.substr(dot + 1), pattern.substr(2));
}

bool is_port(std::string_view rest) {
  if (rest.empty()) return true;
  return rest.front() == ':' && std::ranges::all_of(rest.substr(1), [](char c) { return c >= '0' && c <= '9'; });
}

// RFC 3986 §3.2.2, §3.2.3: the host without its port, an IPv6 address without its brackets. Empty: it is neither.
std::optional<std::string_view> without_port(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos || !is_port(authority.substr(end + 1))) return std::nullopt;
    const std::string_view address = authority.substr(1, end - 1);
    return address.find(':') == std::string_view::npos ? std::nullopt : std::optional(address);
  }
  const std::size_t colon = std::min(authority.find(':'), authority.size());
  return is_port(authority.substr(colon)) ? std::optional(authority.substr(0, colon)) : std::nullopt;
}

// Of a target in absolute form, which has been taken for a URL or will be refused.
std::optional<std::string_view> authority_of(std::string_view target) {
  if (target.starts_with('/')) return std::nullopt;
  const std::size_t slashes = target.find("://");
  if (slashes == std::string_view::npos) return std::nullopt;
  std::string_view authority = target.substr(slashes + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const std::size_t user = authority.rfind('@');
  return user == std::string_view::npos ? authority : authority.substr(user + 1);
}

}  // namespace

bool HostRules::know(std::string_view authority) const {
  if (authority.empty()) return true;
  const std::optional<std::string_view> host = without_port(authority);
  if (!host) return false;
  std::string_view name = *host;
  if (name.ends_with('.')) name.remove_suffix(1);  // absolute, as in the DNS
  if (IpAddress::parse(name)) return true;
  const auto has = [&](const std::vector<std::string>& names) {
    return std::ranges::any_of(names, [&](const std::string& each) { return is_host(each, name); });
  };
  return has(listed) || has(own);
}

void KnownHosts::replace(HostRules rules) {
  auto fresh = std::make_shared<const HostRules>(std::move(rules));
  rules_.with([&](std::shared_ptr<const HostRules>& current) { current = std::move(fresh); });
  generation_.fetch_add(1, std::memory_order_release);  // after the rules: who sees it finds them
}

std::shared_ptr<const HostRules> KnownHosts::current() const {
  return rules_.with([](const std::shared_ptr<const HostRules>& current) { return current; });
}

std::optional<api::Response> HostCheck::refuse(const api::Request& request) {
  if (hosts_ == nullptr) return std::nullopt;
  if (const std::uint64_t generation = hosts_->generation(); generation != generation_) {
    known_.clear();
    rules_ = hosts_->current();
    generation_ = generation;
  }
  if (!rules_->check(is_loopback_listener_)) return std::nullopt;
  const std::optional<std::string_view> in_target = authority_of(request.target);
  const std::string_view host = in_target ? *in_target : request.header("Host");
  if (!known_.empty() && host == known_) return std::nullopt;
  if (rules_->know(host)) {
    known_ = host;
    return std::nullopt;
  }
  return api::problem(api::Refusal{
      421, "unknown_host",
      fmt::format("\"{}\" is no name of this server: as long as no [[token]] and no [[certificate]] is configured, a "
                  "request names an IP address, "
                  "localhost, this machine's or its certificate's name, or one of hosts in [http], so that no web page "
                  "reads the roll through its visitor's browser",
                  host.substr(0, k_quoted_host_max))});
}

}  // namespace rollcall::net
