#include "dns/svc_params.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "dns/name.h"
#include "dns/presentation.h"

namespace rollcall::dns {
namespace {

// RFC 9460 §14.3.2.
enum Key : std::uint16_t {
  mandatory,
  alpn,
  no_default_alpn,
  port,
  ipv4hint,
  ech,
  ipv6hint,
  dohpath,
  invalid_key = 65535
};
constexpr std::array<std::string_view, 8> k_key_names{"mandatory", "alpn", "no-default-alpn", "port",
                                                      "ipv4hint",  "ech",  "ipv6hint",        "dohpath"};
constexpr std::size_t k_value_bytes_max = 65535;
constexpr std::size_t k_alpn_bytes_max = 255;

std::unexpected<Error> invalid(std::string sentence) { return failure(Errc::invalid, std::move(sentence)); }

std::string key_text(std::uint16_t key) {
  return key < k_key_names.size() ? std::string(k_key_names[key]) : "key" + std::to_string(key);
}

// A key's name, or `keyNNNNN` without leading zeros.
Result<std::uint16_t> read_key(std::string_view text) {
  constexpr std::string_view k_prefix = "key";
  const auto named = std::ranges::find(k_key_names, text);
  if (named != k_key_names.end()) return static_cast<std::uint16_t>(named - k_key_names.begin());
  const std::string_view digits = text.starts_with(k_prefix) ? text.substr(k_prefix.size()) : std::string_view();
  const auto number = read_number(digits, invalid_key - 1);
  const bool has_zeros = digits.size() > 1 && digits.front() == '0';
  if (!number || has_zeros || *number >= invalid_key) {
    return invalid(quote(text) + " is no SvcParamKey known here; any from key0 to key65534 may be written so");
  }
  return static_cast<std::uint16_t>(*number);
}

// --- Parsers for the value of each key, from the raw token ---

// Splits a comma-separated list without escapes (RFC 9460 appendix A.1); at least one item, no empty items.
std::optional<std::vector<std::string_view>> split_plain(std::string_view value) {
  std::vector<std::string_view> items;
  while (true) {
    const std::size_t comma = value.find(',');
    items.push_back(value.substr(0, comma));
    if (items.back().empty()) return std::nullopt;
    if (comma == std::string_view::npos) return items;
    value.remove_prefix(comma + 1);
  }
}

// Splits a decoded comma-separated list; `\,` and `\\` stand for a comma and a backslash in an item (appendix A.1).
std::optional<std::vector<std::string>> split_escaped(std::string_view value) {
  std::vector<std::string> items(1);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == ',') {
      items.emplace_back();
      continue;
    }
    if (value[i] == '\\') {
      if (++i == value.size() || (value[i] != ',' && value[i] != '\\')) return std::nullopt;
    }
    items.back() += value[i];
  }
  return items;
}

Result<std::string> read_mandatory(std::string_view value) {
  const auto names = split_plain(value);
  if (!names) return invalid("mandatory lists keys between commas, one at least");
  std::vector<std::uint16_t> keys;
  for (const std::string_view name : *names) {
    const Result<std::uint16_t> key = read_key(name);
    if (!key) return std::unexpected(key.error());
    keys.push_back(*key);
  }
  std::ranges::sort(keys);
  std::string wire;
  for (const std::uint16_t key : keys) append_u16(wire, key);
  return wire;
}

Result<std::string> read_alpn(std::string_view token) {
  const std::optional<std::string> value = read_string(token);
  const auto items = value ? split_escaped(*value) : std::nullopt;
  if (!items) return invalid("the value of alpn has a broken escape: " + std::string(token));
  std::string wire;
  for (const std::string& item : *items) {
    if (item.empty() || item.size() > k_alpn_bytes_max) {
      return invalid("alpn lists protocols of 1 to 255 octets between commas");
    }
    wire += static_cast<char>(item.size());
    wire += item;
  }
  return wire;
}

Result<std::string> read_port(std::string_view value) {
  constexpr std::uint64_t k_port_max = 65535;
  const auto number = read_number(value, k_port_max);
  if (!number) return invalid("port takes one whole number");
  if (*number > k_port_max) return invalid(quote(value) + " is more than this field can hold, 65535");
  std::string wire;
  append_u16(wire, static_cast<std::uint16_t>(*number));
  return wire;
}

Result<std::string> read_hints(std::string_view value, Key key) {
  const auto literals = split_plain(value);
  std::string wire;
  const auto append = [&](const auto& address) {
    if (address) wire.append(reinterpret_cast<const char*>(address->data()), address->size());
    return address.has_value();
  };
  const bool are_addresses = literals && std::ranges::all_of(*literals, [&](std::string_view literal) {
                               return key == ipv4hint ? append(read_ipv4(literal)) : append(read_ipv6(literal));
                             });
  if (!are_addresses) return invalid(key_text(key) + " lists addresses of its family between commas, one at least");
  return wire;
}

Result<std::string> read_octets(std::uint16_t key, std::string_view token) {
  std::optional<std::string> value = read_string(token);
  if (!value)
    return invalid("the value of " + key_text(key) + " has a broken escape or a quote: " + std::string(token));
  return std::move(*value);
}

// `token`: the raw token, with quotes; empty if the key has no value.
Result<std::string> read_value(std::uint16_t key, std::string_view token) {
  const bool is_quoted = token.size() >= 2 && token.front() == '"';
  const std::string_view plain = is_quoted ? token.substr(1, token.size() - 2) : token;
  switch (key) {
    // RFC 9460 §7.2, §7.3, §8: no escapes allowed in these values.
    case mandatory: return read_mandatory(plain);
    case port: return read_port(plain);
    case ipv4hint: return read_hints(plain, ipv4hint);
    case ipv6hint: return read_hints(plain, ipv6hint);
    case ech: {
      std::string wire;
      if (!append_base64(wire, plain) || wire.empty()) return invalid("ech takes base64, not empty");
      return wire;
    }
    case alpn: return read_alpn(token);
    default: break;
  }
  std::optional<std::string> value = read_string(token);
  if (!value)
    return invalid("the value of " + key_text(key) + " has a broken escape or a quote: " + std::string(token));
  return std::move(*value);
}

struct Param {
  std::uint16_t key;
  std::string value;
};

Result<Param> read_param(std::string_view token) {
  const std::size_t equals = token.find('=');
  const std::string_view name = token.substr(0, equals);
  const Result<std::uint16_t> key = read_key(name);
  if (!key) return std::unexpected(key.error());
  const std::string_view written = equals == std::string_view::npos ? std::string_view() : token.substr(equals + 1);
  // RFC 9460 §2.1: the value after `keyNNNNN` is the wire-form octets, for every key.
  const bool is_generic = *key >= k_key_names.size() || name != k_key_names[*key];
  Result<std::string> value = is_generic ? read_octets(*key, written) : read_value(*key, written);
  if (!value) return std::unexpected(std::move(value.error()));
  if (value->size() > k_value_bytes_max) return invalid("the value of " + key_text(*key) + " is too long");
  return Param{*key, std::move(*value)};
}

// --- Values in wire form ---

bool is_alpn_list(Bytes value) {
  ByteReader reader(value);
  while (reader.left() > 0) {
    const std::size_t size = reader.u8();
    reader.skip(size);
    if (size == 0 || !reader.ok()) return false;
  }
  return !value.empty();
}

// RFC 9461 §5: a relative URI template (path) that contains the variable `dns`.
bool is_doh_path(Bytes value) {
  const std::string_view path(reinterpret_cast<const char*>(value.data()), value.size());
  return path.starts_with('/') && path.find("{?dns") != std::string_view::npos;
}

// Returns what the key expects, for an error message; empty: the value is valid.
std::string_view wanted_value(std::uint16_t key, Bytes value) {
  const auto unless = [](bool is_right, std::string_view wanted) { return is_right ? std::string_view() : wanted; };
  const auto is_list_of = [&](std::size_t size) { return !value.empty() && value.size() % size == 0; };
  switch (key) {
    case mandatory: return unless(is_list_of(2), "a list of keys");
    case alpn: return unless(is_alpn_list(value), "a list of protocols, each with its length");
    case no_default_alpn: return unless(value.empty(), "no value");
    case port: return unless(value.size() == 2, "two octets");
    case ipv4hint: return unless(is_list_of(4), "a list of IPv4 addresses");
    case ech: return unless(!value.empty(), "a value");
    case ipv6hint: return unless(is_list_of(16), "a list of IPv6 addresses");
    case dohpath: return unless(is_doh_path(value), "a path like /dns-query{?dns}");
    default: return {};
  }
}

// RFC 9460 §8: keys are sorted and unique, all are present, and `mandatory` itself is not in the list.
Result<void> check_mandatory(Bytes value, const std::vector<std::uint16_t>& present) {
  ByteReader reader(value);
  int last = -1;
  while (reader.left() > 0) {
    const std::uint16_t key = reader.u16();
    if (key == mandatory) return invalid("mandatory lists itself, which RFC 9460 8 forbids");
    if (key <= last) return invalid("mandatory lists " + key_text(key) + " twice or out of order");
    if (!std::ranges::binary_search(present, key)) {
      return invalid("mandatory lists " + key_text(key) + ", which the record does not have");
    }
    last = key;
  }
  return {};
}

Result<void> check_set(const std::vector<std::uint16_t>& keys, Bytes mandatory_keys) {
  const auto twice = std::ranges::adjacent_find(keys, std::ranges::greater_equal());
  if (twice != keys.end()) {
    return invalid("the SvcParam " + key_text(*(twice + 1)) + " comes twice or out of order");
  }
  const bool has_alpn = std::ranges::binary_search(keys, static_cast<std::uint16_t>(alpn));
  if (std::ranges::binary_search(keys, static_cast<std::uint16_t>(no_default_alpn)) && !has_alpn) {
    return invalid("no-default-alpn without alpn leaves no protocol at all (RFC 9460 7.1.1)");
  }
  return check_mandatory(mandatory_keys, keys);
}

}  // namespace

Result<std::string> read_svc_params(std::span<const std::string_view> tokens) {
  std::vector<Param> params;
  for (const std::string_view token : tokens) {
    Result<Param> param = read_param(token);
    if (!param) return std::unexpected(std::move(param.error()));
    params.push_back(std::move(*param));
  }
  std::ranges::stable_sort(params, {}, &Param::key);
  std::string wire;
  for (const Param& param : params) {
    append_u16(wire, param.key);
    append_u16(wire, static_cast<std::uint16_t>(param.value.size()));
    wire += param.value;
  }
  return wire;
}

Result<void> check_svc_params(Bytes rdata) {
  constexpr std::size_t k_priority_bytes = 2;
  QuestionName target;
  if (rdata.size() < k_priority_bytes || !target.read(rdata.subspan(k_priority_bytes))) {
    return invalid("the target is no domain name");
  }
  ByteReader reader(rdata, k_priority_bytes + target.size);
  std::vector<std::uint16_t> keys;
  Bytes mandatory_keys;
  while (reader.left() > 0) {
    const std::uint16_t key = reader.u16();
    const std::size_t size = reader.u16();
    const Bytes value = reader.bytes(size);
    if (!reader.ok()) return invalid("a SvcParam is cut short");
    if (const auto wanted = wanted_value(key, value); !wanted.empty()) {
      return invalid("the SvcParam " + key_text(key) + " takes " + std::string(wanted));
    }
    if (key == mandatory) mandatory_keys = value;
    keys.push_back(key);
  }
  return check_set(keys, mandatory_keys);
}

}  // namespace rollcall::dns
