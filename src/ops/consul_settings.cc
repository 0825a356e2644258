#include "ops/consul_settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "base/ascii_case.h"
#include "base/ip_address.h"
#include "base/limits.h"
#include "dns/name.h"
#include "ops/settings.h"
#include "ops/toml_section.h"

namespace rollcall::ops {
namespace {

constexpr std::uint64_t k_kv_bytes_max = std::uint64_t{1} << 40;

template <class T>
void take(T& target, std::optional<T> value) {
  if (value) target = std::move(*value);
}

Result<std::string> parse_domain(std::string_view text) {
  while (text.ends_with('.')) text.remove_suffix(1);
  if (!text.empty() && dns::Name::parse(text)) return to_lower(text);
  return failure(Errc::start_up, fmt::format(R"("{}" is not a domain; write one as "consul")", text));
}

Result<std::string> parse_datacenter(std::string_view text) {
  const bool is_name =
      !text.empty() && text.size() <= limits::k_label_bytes_max && std::ranges::all_of(text, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
      });
  if (is_name) return std::string(text);
  return failure(
      Errc::start_up,
      fmt::format(R"("{}" is no datacenter; write 1 to 63 letters, digits, hyphens and underscores, as "dc1")", text));
}

Result<std::string> parse_node(std::string_view text) {
  const bool is_visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '/'; });
  if (is_visible && text.size() <= limits::k_identity_bytes_max) return std::string(text);
  return failure(Errc::start_up, fmt::format(R"("{}" is no node's name; write a host name, as "rollcall-1")", text));
}

Result<std::string> parse_node_address(std::string_view text) {
  if (text.empty()) return std::string();
  const std::optional<IpAddress> address = IpAddress::parse(text);
  if (address && !address->is_unspecified() && !address->is_multicast()) return address->text();
  return failure(Errc::start_up, fmt::format(R"("{}" is not an address of one host; write it as "192.0.2.1")", text));
}

// An amount of octets: "64MiB", "512KiB", "1GiB", "1000000".
Result<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::pair<std::string_view, std::uint64_t> k_units[] = {
      {"KiB", std::uint64_t{1} << 10}, {"MiB", std::uint64_t{1} << 20}, {"GiB", std::uint64_t{1} << 30}, {"B", 1}};
  std::string_view digits = text;
  std::uint64_t unit = 1;
  for (const auto& [name, size] : k_units) {
    if (!digits.ends_with(name)) continue;
    digits.remove_suffix(name.size());
    unit = size;
    break;
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc() && end == digits.data() + digits.size() && number <= k_kv_bytes_max / unit)
    return number * unit;
  return failure(Errc::start_up, fmt::format(R"("{}" is no amount of memory; write it as "64MiB")", text));
}

Result<std::string> parse_url(std::string_view text) {
  if (text.empty() || text.starts_with("http://") || text.starts_with("https://")) return std::string(text);
  return failure(Errc::start_up, fmt::format(R"("{}" is no URL; write it as "http://192.0.2.1:8500")", text));
}

}  // namespace

ConsulSettings default_consul() {
  ConsulSettings consul;
  std::array<char, limits::k_identity_bytes_max + 1> host{};
  if (gethostname(host.data(), limits::k_identity_bytes_max) == 0) consul.node = host.data();
  if (consul.node.empty()) consul.node = "localhost";
  return consul;
}

void read_consul(Section table, Settings& settings) {
  ConsulSettings& consul = settings.consul;
  take(consul.enabled, table.boolean("enabled"));
  take(consul.domain, table.text("domain", parse_domain));
  take(consul.datacenter, table.text("datacenter", parse_datacenter));
  if (auto node = table.text("node", parse_node); node && !node->empty()) consul.node = std::move(*node);
  take(consul.address, table.text("address", parse_node_address));
  take(consul.only_passing, table.boolean("only_passing"));
  take(consul.kv, table.boolean("kv"));
  take(consul.kv_bytes, table.text("kv_bytes", parse_bytes));
  take(consul.follow, table.text("follow", parse_url));
  take(consul.follow_token_file,
       table.text("follow_token_file", [](std::string_view text) -> Result<std::string> { return std::string(text); }));
  table.finish();
}

}  // namespace rollcall::ops
