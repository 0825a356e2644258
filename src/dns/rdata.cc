#include "dns/rdata.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ldns/ldns.h>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "dns/rdata_check.h"
#include "dns/zone_text.h"

namespace rollcall::dns {
namespace {

struct FreeRecord {
  void operator()(ldns_rr* record) const { ldns_rr_free(record); }
};
using LdnsRecord = std::unique_ptr<ldns_rr, FreeRecord>;

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};
using LdnsText = std::unique_ptr<char, FreeText>;

constexpr std::size_t k_rdata_bytes_max = 65535;  // RDLENGTH has 16 bits (RFC 1035 §3.2.1)
constexpr std::size_t k_record_head_bytes = 11;   // the root as owner, type, class, TTL, RDLENGTH

ldns_rr_type ldns_type(Type type) { return static_cast<ldns_rr_type>(type); }

bool is_known(Type type) { return ldns_rr_descript(static_cast<std::uint16_t>(type))->_type == ldns_type(type); }

// ldns leaks what it has read of a bad IPSECKEY, and takes a relative gateway for an absolute one.
bool is_read_by_ldns(Type type) { return is_known(type) && ldns_type(type) != LDNS_RR_TYPE_IPSECKEY; }

// RFC 4398 §2.1: type 0 of a CERT is reserved. ldns refuses it too, but forgets to free what it has read by then.
bool is_reserved_certificate(Type type, std::span<const std::string_view> tokens) {
  if (ldns_type(type) != LDNS_RR_TYPE_CERT || tokens.empty()) return false;
  return tokens.front().find_first_not_of("+-0") == std::string_view::npos;
}

std::string wire_of(const ldns_rr& record) {
  std::string wire;
  for (std::size_t i = 0; i < ldns_rr_rd_count(&record); ++i) {
    const ldns_rdf* field = ldns_rr_rdf(&record, i);
    wire.append(reinterpret_cast<const char*>(ldns_rdf_data(field)), ldns_rdf_size(field));
  }
  return wire;
}

// The record that has this RDATA, when the RDATA is well-formed for its type and uncompressed.
LdnsRecord record_of(Type type, std::string_view rdata) {
  if (rdata.size() > k_rdata_bytes_max) return nullptr;
  std::vector<std::uint8_t> wire(k_record_head_bytes);
  store_u16(&wire[1], static_cast<std::uint16_t>(type));
  store_u16(&wire[3], static_cast<std::uint16_t>(Class::in));
  store_u16(&wire[9], static_cast<std::uint16_t>(rdata.size()));
  wire.insert(wire.end(), rdata.begin(), rdata.end());
  ldns_rr* raw = nullptr;
  std::size_t at = 0;
  if (ldns_wire2rr(&raw, wire.data(), wire.size(), &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK) return nullptr;
  LdnsRecord record(raw);
  // ldns follows compression pointers, and stops early without a word: all fields must be there, as they stand there.
  if (ldns_rr_rd_count(raw) < ldns_rr_descriptor_minimum(ldns_rr_descript(static_cast<std::uint16_t>(type)))) {
    return nullptr;
  }
  if (wire_of(*record) != rdata) return nullptr;
  return record;
}

std::string generic_text(std::string_view rdata) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text = "\\# " + std::to_string(rdata.size());
  if (!rdata.empty()) text += ' ';
  for (const char c : rdata) {
    const auto octet = static_cast<unsigned char>(c);
    text += k_digits[octet >> 4];
    text += k_digits[octet & 15];
  }
  return text;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `\# length hex…` (RFC 3597 §5), for any type.
Result<std::string> parse_generic(Type type, std::span<const std::string_view> tokens) {
  const auto malformed = [] {
    return failure(Errc::invalid,
                   "the form is \\# <number of octets> <two hexadecimal digits for each of them> (RFC 3597)");
  };
  if (tokens.size() < 2) return malformed();
  std::size_t size = 0;
  const std::string_view count = tokens[1];
  const auto [end, status] = std::from_chars(count.data(), count.data() + count.size(), size);
  if (status != std::errc{} || end != count.data() + count.size() || size > k_rdata_bytes_max) return malformed();
  std::string digits;
  for (const std::string_view token : tokens.subspan(2)) digits += token;
  if (digits.size() != 2 * size) return malformed();
  std::string rdata;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = hex_value(digits[i]);
    const int low = hex_value(digits[i + 1]);
    if (high < 0 || low < 0) return malformed();
    rdata += static_cast<char>(high << 4 | low);
  }
  if (is_known(type) && record_of(type, rdata) == nullptr) {
    return failure(Errc::invalid, "these octets are no RDATA of type " + type_text(type));
  }
  return rdata;
}

// What a person would look up; for the sentence about RDATA that cannot be read.
std::string_view expected_form(Type type) {
  switch (type) {
    case Type::a: return "an IPv4 address";
    case Type::aaaa: return "an IPv6 address";
    case Type::ns:
    case Type::cname:
    case Type::ptr:
    case Type::dname: return "one name";
    case Type::mx: return "a preference and a name";
    case Type::srv: return "priority, weight, port and target";
    case Type::soa: return "primary server, mailbox, serial, refresh, retry, expire and minimum";
    case Type::txt: return "strings of at most 255 octets";
    default: return "the presentation format of its RFC, or \\# <octets> <hex>";
  }
}

std::unexpected<Error> unreadable(Type type, std::span<const std::string_view> tokens) {
  constexpr std::size_t k_shown = 80;
  std::string text;
  for (const std::string_view token : tokens) {
    if (!text.empty()) text += ' ';
    text += token;
  }
  if (text.size() > k_shown) text = text.substr(0, k_shown) + " ...";
  return failure(Errc::invalid, "\"" + text + "\" is no RDATA of type " + type_text(type) + ": expected is " +
                                    std::string(expected_form(type)));
}

}  // namespace

Result<std::string> parse_rdata(Type type, std::string_view presentation, const Name& origin) {
  ZoneText text(presentation);
  const auto entry = text.next();
  if (!entry) return failure(Errc::invalid, entry.error().sentence);
  if (!*entry) return unreadable(type, {});
  const auto rest = text.next();
  if (!rest || *rest) return failure(Errc::invalid, "RDATA goes on after its line");
  return parse_rdata_tokens(type, (*entry)->tokens, origin);
}

Result<std::string> parse_rdata_tokens(Type type, std::span<const std::string_view> tokens, const Name& origin) {
  if (is_meta_type(type)) {
    return failure(Errc::invalid, type_text(type) + " is a type of questions; no record has it");
  }
  if (tokens.empty()) return unreadable(type, tokens);
  if (tokens.front() == "\\#") return parse_generic(type, tokens);
  if (!is_read_by_ldns(type)) {
    return failure(Errc::invalid, "the RDATA of " + type_text(type) + " is written \\# <octets> <hex> (RFC 3597)");
  }
  if (is_reserved_certificate(type, tokens)) return unreadable(type, tokens);
  const Result<std::string> fields = check_fields(type, tokens, origin);
  if (!fields) return std::unexpected(fields.error());

  const std::string line = ". 0 IN " + type_text(type) + " " + *fields;
  ldns_rr* raw = nullptr;
  if (ldns_rr_new_frm_str(&raw, line.c_str(), 0, nullptr, nullptr) != LDNS_STATUS_OK) return unreadable(type, tokens);
  const LdnsRecord record(raw);
  std::string rdata = wire_of(*record);
  if (type == Type::svcb || type == Type::https) {
    if (const Result<void> ordered = order_svc_params(rdata); !ordered) return std::unexpected(ordered.error());
  }
  if (rdata.size() > k_rdata_bytes_max) return unreadable(type, tokens);
  return rdata;
}

std::string rdata_text(Type type, std::string_view rdata) {
  const LdnsRecord record = is_known(type) ? record_of(type, rdata) : nullptr;
  if (record == nullptr) return generic_text(rdata);
  const LdnsText line(ldns_rr2str(record.get()));
  if (line == nullptr) return generic_text(rdata);
  // owner, TTL, class and type end with a tab each.
  std::string_view text = line.get();
  for (int column = 0; column < 4; ++column) text.remove_prefix(std::min(text.find('\t'), text.size() - 1) + 1);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  // ldns does not escape a quote in a name, which no reader takes for one again.
  const Result<std::string> again = parse_rdata(type, text);
  return again && *again == rdata ? std::string(text) : generic_text(rdata);
}

std::string fold_names(Type type, std::string_view rdata) {
  const LdnsRecord record = is_known(type) ? record_of(type, rdata) : nullptr;
  if (record == nullptr) return std::string(rdata);
  for (std::size_t i = 0; i < ldns_rr_rd_count(record.get()); ++i) ldns_dname2canonical(ldns_rr_rdf(record.get(), i));
  return wire_of(*record);
}

std::string type_text(Type type) {
  const LdnsText text(ldns_rr_type2str(ldns_type(type)));
  return text == nullptr ? "TYPE" + std::to_string(static_cast<std::uint16_t>(type)) : std::string(text.get());
}

Result<Type> parse_type(std::string_view text) {
  constexpr std::string_view k_prefix = "TYPE";
  const auto unknown = [&] { return failure(Errc::invalid, "\"" + std::string(text) + "\" is no record type"); };
  const bool prefixed = text.size() > k_prefix.size() &&
                        std::ranges::equal(text.substr(0, k_prefix.size()), k_prefix, [](char a, char b) {
                          return fold(static_cast<std::uint8_t>(a)) == fold(static_cast<std::uint8_t>(b));
                        });
  if (prefixed) {
    std::uint16_t number = 0;
    const auto [end, status] = std::from_chars(text.data() + k_prefix.size(), text.data() + text.size(), number);
    if (status != std::errc{} || end != text.data() + text.size()) return unknown();
    return static_cast<Type>(number);
  }
  const auto number = static_cast<std::uint16_t>(ldns_get_rr_type_by_name(std::string(text).c_str()));
  if (number == 0) return unknown();
  return static_cast<Type>(number);
}

bool is_meta_type(Type type) {
  const auto number = static_cast<std::uint16_t>(type);
  return number == 0 || type == Type::opt || (number >= 128 && number <= 255);
}

}  // namespace rollcall::dns
