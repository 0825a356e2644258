#include "ops/transfer_settings.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/limits.h"
#include "ops/credentials.h"
#include "ops/settings.h"
#include "ops/settings_values.h"
#include "ops/toml_section.h"

namespace rollcall::ops {
namespace {

constexpr std::uint16_t k_dns_port = 53;

Result<dns::Name> parse_key_name(std::string_view text) {
  const std::optional<dns::Name> name = dns::Name::parse(text);
  if (name && !name->is_root() && name->wire().size() <= limits::k_tsig_name_bytes_max) return *name;
  return failure(Errc::start_up,
                 fmt::format(R"("{}" is no name of a key; write one as "transfer.svc.internal")", text));
}

Result<dns::TsigAlgorithm> parse_algorithm(std::string_view text) {
  if (const auto algorithm = dns::parse_tsig_algorithm(text)) return *algorithm;
  return failure(Errc::start_up, fmt::format(R"("{}" is not one of "hmac-sha256", "hmac-sha224", "hmac-sha384", )"
                                             R"("hmac-sha512", "hmac-sha1")",
                                             text));
}

Result<std::string> parse_secret(std::string_view text) {
  const Result<std::string> held = text_or_credential(text);
  if (!held) return held;
  auto secret = dns::parse_base64(*held);
  if (secret && secret->size() <= limits::k_tsig_secret_bytes_max) return std::move(*secret);
  return failure(Errc::start_up, "must be base64, as `openssl rand -base64 32` prints it");
}

}  // namespace

Result<IpEndpoint> parse_secondary(std::string_view text) {
  std::optional<IpEndpoint> endpoint = IpEndpoint::parse(text);
  if (const auto address = IpAddress::parse(text)) endpoint = IpEndpoint{*address, k_dns_port};
  if (endpoint && endpoint->port != 0 && !endpoint->address.is_multicast() && !endpoint->address.is_unspecified()) {
    return *endpoint;
  }
  return failure(Errc::start_up,
                 fmt::format(R"("{}" is no secondary; write an address, as "192.0.2.53", with its )"
                             R"(port where that is not 53, as "192.0.2.53:5353" or "[2001:db8::1]:5353")",
                             text));
}

void read_keys(std::vector<Section> tables, Settings& settings) {
  for (Section& table : tables) {
    dns::TsigKey key;
    const auto name = table.text("name", parse_key_name);
    const auto algorithm = table.text("algorithm", parse_algorithm);
    auto secret = table.text("secret", parse_secret);
    if (!table.has("name")) table.complain("name", R"(missing; every [[key]] has one, as name = "transfer")");
    if (!table.has("secret")) table.complain("secret", "missing; `openssl rand -base64 32` prints one");
    if (name && find_key(settings.keys, *name) != nullptr) table.complain("name", "is that of another [[key]]");
    table.finish();
    if (!name || !secret) continue;
    settings.keys.push_back({*name, algorithm.value_or(key.algorithm), std::move(*secret)});
  }
}

TransferSettings read_transfers(Section& zone, const dns::TsigKeys& keys) {
  TransferSettings settings;
  if (auto to = zone.texts("transfer_to", limits::k_transfer_prefixes_max, parse_prefix)) {
    settings.rules.to = std::move(*to);
  }
  settings.rules.key = zone.text("transfer_key", parse_key_name);
  if (settings.rules.key && find_key(keys, settings.rules.key) == nullptr) {
    zone.complain("transfer_key", "no [[key]] has this name");
  }
  if (auto notify = zone.texts("notify", limits::k_secondaries_max, parse_secondary)) {
    settings.notify = std::move(*notify);
  }
  if (!settings.notify.empty() && !settings.rules.offers()) {
    zone.complain("notify", "tells servers of changes that no server may fetch; set transfer_to or transfer_key too");
  }
  return settings;
}

const dns::TsigKey* find_key(const dns::TsigKeys& keys, const std::optional<dns::Name>& name) {
  if (!name) return nullptr;
  const auto at = std::ranges::find(keys, *name, &dns::TsigKey::name);
  return at == keys.end() ? nullptr : &*at;
}

}  // namespace rollcall::ops
