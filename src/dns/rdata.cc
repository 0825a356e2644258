#include "dns/rdata.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ldns/ldns.h>
#include <memory>
#include <vector>

#include "base/ascii_case.h"
#include "base/bytes.h"
#include "dns/presentation.h"
#include "dns/rdata_check.h"
#include "dns/rdata_form.h"
#include "dns/rdata_reader.h"
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
constexpr std::size_t k_record_head_bytes = 11;   // owner (the root), type, class, TTL, RDLENGTH

ldns_rr_type ldns_type(Type type) { return static_cast<ldns_rr_type>(type); }

bool is_known(Type type) { return ldns_rr_descript(static_cast<std::uint16_t>(type))->_type == ldns_type(type); }

std::string wire_of(const ldns_rr& record) {
  std::string wire;
  for (std::size_t i = 0; i < ldns_rr_rd_count(&record); ++i) {
    const ldns_rdf* field = ldns_rr_rdf(&record, i);
    wire.append(reinterpret_cast<const char*>(ldns_rdf_data(field)), ldns_rdf_size(field));
  }
  return wire;
}

// An ldns record with this RDATA; null if the RDATA is malformed for its type, or compressed.
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
  // ldns follows compression pointers, and accepts truncated RDATA without an error. So check that all fields are there
  // and that the octets are unchanged.
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

// `\# length hex…` (RFC 3597 §5), for any type.
Result<std::string> parse_generic(std::span<const std::string_view> tokens) {
  const auto malformed = [] {
    return failure(Errc::invalid,
                   "the form is \\# <number of octets> <two hexadecimal digits for each of them> (RFC 3597)");
  };
  if (tokens.size() < 2) return malformed();
  const auto size = read_number(tokens[1], k_rdata_bytes_max);
  std::string digits;
  for (const std::string_view token : tokens.subspan(2)) digits += token;
  std::string rdata;
  if (!size || *size > k_rdata_bytes_max || digits.size() != 2 * *size || !append_hex(rdata, digits))
    return malformed();
  return rdata;
}

}  // namespace

Result<std::string> parse_rdata(Type type, std::string_view presentation, const Name& origin) {
  ZoneText text(presentation);
  const auto entry = text.next();
  if (!entry) return failure(Errc::invalid, entry.error().sentence);
  if (!*entry) return parse_rdata_tokens(type, {}, origin);
  const auto rest = text.next();
  if (!rest || *rest) return failure(Errc::invalid, "RDATA goes on after its line");
  return parse_rdata_tokens(type, (*entry)->tokens, origin);
}

Result<std::string> parse_rdata_tokens(Type type, std::span<const std::string_view> tokens, const Name& origin) {
  if (is_meta_type(type)) {
    return failure(Errc::invalid, type_text(type) + " is a type of questions; no record has it");
  }
  const RdataForm* form = find_form(type);
  const bool is_generic = !tokens.empty() && tokens.front() == "\\#";
  if (form == nullptr && !is_generic) {
    return failure(Errc::invalid, "the RDATA of " + type_text(type) + " is written \\# <octets> <hex> (RFC 3597)");
  }
  Result<std::string> rdata = is_generic ? parse_generic(tokens) : RdataReader(*form, tokens, origin).read();
  if (!rdata) return rdata;
  if (!is_generic && rdata->size() > k_rdata_bytes_max) return unreadable_rdata(*form, tokens);
  if (const Result<void> sound = check_rdata(type, *rdata); !sound) return std::unexpected(sound.error());
  return rdata;
}

std::string rdata_text(Type type, std::string_view rdata) {
  const bool has_form = find_form(type) != nullptr && check_rdata(type, rdata).has_value();
  const LdnsRecord record = has_form && is_known(type) ? record_of(type, rdata) : nullptr;
  if (record == nullptr) return generic_text(rdata);
  const LdnsText line(ldns_rr2str(record.get()));
  if (line == nullptr) return generic_text(rdata);
  // Skip owner, TTL, class and type; each ends with a tab.
  std::string_view text = line.get();
  for (int column = 0; column < 4; ++column) text.remove_prefix(std::min(text.find('\t'), text.size() - 1) + 1);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  // Use the text from ldns only if our own parser converts it back to the same octets.
  const Result<std::string> again = parse_rdata(type, text);
  return again && *again == rdata ? std::string(text) : generic_text(rdata);
}

std::string type_text(Type type) {
  if (const RdataForm* form = find_form(type)) return std::string(form->name);
  const LdnsText text(ldns_rr_type2str(ldns_type(type)));
  return text == nullptr ? "TYPE" + std::to_string(static_cast<std::uint16_t>(type)) : std::string(text.get());
}

Result<Type> parse_type(std::string_view text) {
  constexpr std::string_view k_prefix = "TYPE";
  const auto unknown = [&] { return failure(Errc::invalid, "\"" + std::string(text) + "\" is no record type"); };
  if (text.size() > k_prefix.size() && equal_but_for_case(text.substr(0, k_prefix.size()), k_prefix)) {
    std::uint16_t number = 0;
    const auto [end, status] = std::from_chars(text.data() + k_prefix.size(), text.data() + text.size(), number);
    if (status != std::errc{} || end != text.data() + text.size()) return unknown();
    return static_cast<Type>(number);
  }
  if (const RdataForm* form = find_form(text)) return static_cast<Type>(form->type);
  const auto number = static_cast<std::uint16_t>(ldns_get_rr_type_by_name(std::string(text).c_str()));
  if (number == 0) return unknown();
  return static_cast<Type>(number);
}

bool is_meta_type(Type type) {
  const auto number = static_cast<std::uint16_t>(type);
  return number == 0 || type == Type::opt || (number >= 128 && number <= 255);
}

}  // namespace rollcall::dns
