#include "dns/rdata_check.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <ldns/ldns.h>
#include <limits>
#include <vector>

#include "base/bytes.h"
#include "dns/rdata.h"
#include "dns/zone_text.h"
#include "dns/zone_token.h"

namespace rollcall::dns {
namespace {

using Tokens = std::span<const std::string_view>;

std::string quote(std::string_view token) { return "\"" + std::string(token) + "\""; }

// Mnemonics pass; ldns knows them.
Result<std::string> check_number(std::string_view token, std::uint64_t most) {
  const bool is_number = !token.empty() && (token.front() == '-' || token.front() == '+' ||
                                            (token.front() >= '0' && token.front() <= '9'));
  if (!is_number) return std::string(token);
  std::uint64_t number = 0;
  const auto [end, status] = std::from_chars(token.data(), token.data() + token.size(), number);
  if (status == std::errc::invalid_argument || end != token.data() + token.size()) {
    return failure(Errc::invalid, quote(token) + " is no whole number");
  }
  if (status != std::errc{} || number > most) {
    return failure(Errc::invalid, quote(token) + " is more than this field can hold, " + std::to_string(most));
  }
  return std::string(token);
}

Result<std::string> check_name(std::string_view token, const Name& origin) {
  const std::optional<Name> name = parse_relative_name(token, origin);
  if (!name) return failure(Errc::invalid, quote(token) + " is no domain name");
  // However it is escaped, ldns takes a first label "@" for the origin.
  if (!name->is_root() && name->first_label() == "@") {
    return failure(Errc::invalid, "a name in RDATA cannot begin with the label \"@\"");
  }
  return name->text();
}

Result<std::string> check_period(std::string_view token) {
  const std::optional<std::uint32_t> seconds = parse_period(token);
  if (!seconds) return failure(Errc::invalid, quote(token) + " is no time in seconds");
  return std::to_string(*seconds);
}

// A field of exactly one token.
Result<std::string> check_field(ldns_rdf_type kind, std::string_view token, const Name& origin) {
  switch (kind) {
    case LDNS_RDF_TYPE_DNAME: return check_name(token, origin);
    case LDNS_RDF_TYPE_INT8:
    case LDNS_RDF_TYPE_ALG:
    case LDNS_RDF_TYPE_CERTIFICATE_USAGE:
    case LDNS_RDF_TYPE_SELECTOR:
    case LDNS_RDF_TYPE_MATCHING_TYPE: return check_number(token, std::numeric_limits<std::uint8_t>::max());
    case LDNS_RDF_TYPE_INT16:
    case LDNS_RDF_TYPE_CERT_ALG: return check_number(token, std::numeric_limits<std::uint16_t>::max());
    case LDNS_RDF_TYPE_INT32: return check_number(token, std::numeric_limits<std::uint32_t>::max());
    case LDNS_RDF_TYPE_PERIOD: return check_period(token);
    default: return std::string(token);
  }
}

Result<void> check_hex(Tokens tokens) {
  std::size_t digits = 0;
  for (const std::string_view token : tokens) digits += token.size();
  if (digits % 2 == 0) return {};
  return failure(Errc::invalid, "an odd number of hexadecimal digits");
}

Result<void> check_types(Tokens tokens) {
  for (const std::string_view token : tokens) {
    if (const Result<Type> type = parse_type(token); !type) return std::unexpected(type.error());
  }
  return {};
}

Result<void> check_svc_params(Tokens tokens) {
  constexpr std::string_view k_port = "port=";
  for (const std::string_view token : tokens) {
    if (!token.starts_with(k_port)) continue;
    const auto port = check_number(unquoted(token.substr(k_port.size())), std::numeric_limits<std::uint16_t>::max());
    if (!port) return std::unexpected(port.error());
  }
  return {};
}

// Too many tokens are ldns' to refuse.
ldns_rdf_type kind_of_field(const ldns_rr_descriptor& descriptor, std::size_t index) {
  if (index >= ldns_rr_descriptor_maximum(&descriptor)) return LDNS_RDF_TYPE_UNKNOWN;
  return ldns_rr_descriptor_field_type(&descriptor, index);
}

// The fields that take all the tokens left.
bool takes_the_rest(ldns_rdf_type kind) {
  switch (kind) {
    case LDNS_RDF_TYPE_HEX:
    case LDNS_RDF_TYPE_B64:
    case LDNS_RDF_TYPE_NSEC:
    case LDNS_RDF_TYPE_SVCPARAMS:
    case LDNS_RDF_TYPE_LOC:
    case LDNS_RDF_TYPE_WKS:
    case LDNS_RDF_TYPE_APL:
    case LDNS_RDF_TYPE_HIP:
    case LDNS_RDF_TYPE_AMTRELAY: return true;
    default: return false;
  }
}

Result<void> check_rest(ldns_rdf_type kind, Tokens tokens) {
  switch (kind) {
    case LDNS_RDF_TYPE_HEX: return check_hex(tokens);
    case LDNS_RDF_TYPE_NSEC: return check_types(tokens);
    case LDNS_RDF_TYPE_SVCPARAMS: return check_svc_params(tokens);
    default: return {};
  }
}

}  // namespace

Result<std::string> check_fields(Type type, Tokens tokens, const Name& origin) {
  const ldns_rr_descriptor* descriptor = ldns_rr_descript(static_cast<std::uint16_t>(type));
  std::string line;
  bool in_rest = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!line.empty()) line += ' ';
    const ldns_rdf_type kind = kind_of_field(*descriptor, i);
    if (!in_rest && takes_the_rest(kind)) {
      in_rest = true;
      if (const Result<void> rest = check_rest(kind, tokens.subspan(i)); !rest) return std::unexpected(rest.error());
    }
    if (in_rest) {
      line += tokens[i];
      continue;
    }
    const Result<std::string> field = check_field(kind, tokens[i], origin);
    if (!field) return field;
    line += *field;
  }
  return line;
}

Result<void> order_svc_params(std::string& rdata) {
  struct Param {
    std::uint16_t key;
    std::string wire;
  };
  constexpr std::size_t k_priority_bytes = 2;
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(rdata.data()), rdata.size());
  const std::optional<Name> target = Name::parse_wire(bytes.subspan(k_priority_bytes));
  if (!target) return failure(Errc::invalid, "the target is no domain name");
  const std::size_t begin = k_priority_bytes + target->wire().size();

  std::vector<Param> params;
  ByteReader reader(bytes, begin);
  while (reader.left() > 0) {
    const std::size_t at = reader.at();
    const std::uint16_t key = reader.u16();
    reader.skip(reader.u16());
    if (!reader.ok()) return failure(Errc::invalid, "a SvcParam is cut short");
    params.push_back({key, rdata.substr(at, reader.at() - at)});
  }
  std::ranges::sort(params, {}, &Param::key);
  const auto twice = std::ranges::adjacent_find(params, {}, &Param::key);
  if (twice != params.end()) return failure(Errc::invalid, "a SvcParam comes twice, key " + std::to_string(twice->key));
  rdata.resize(begin);
  for (const Param& param : params) rdata += param.wire;
  return {};
}

}  // namespace rollcall::dns
