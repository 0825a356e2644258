#include "dns/rdata_reader.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/ascii_case.h"
#include "dns/presentation.h"
#include "dns/rdata.h"
#include "dns/svc_params.h"
#include "dns/zone_token.h"

namespace rollcall::dns {
namespace {

constexpr std::size_t k_string_bytes_max = 255;  // RFC 1035 §3.3

std::unexpected<Error> invalid(std::string sentence) { return failure(Errc::invalid, std::move(sentence)); }

}  // namespace

std::unexpected<Error> unreadable_rdata(const RdataForm& form, RdataReader::Tokens tokens) {
  constexpr std::size_t k_shown = 80;
  std::string text;
  for (const std::string_view token : tokens) {
    if (!text.empty()) text += ' ';
    text += token.substr(0, k_shown + 1);
    if (text.size() > k_shown) break;
  }
  if (text.size() > k_shown) text = text.substr(0, k_shown) + " ...";
  return invalid(quote(text) + " is no RDATA of type " + std::string(form.name) + ": expected is " +
                 std::string(form.text));
}

std::unexpected<Error> RdataReader::unreadable() const { return unreadable_rdata(form_, all_); }

Result<std::string> RdataReader::read() {
  for (const Field field : form_.fields) {
    if (const Result<void> done = read_field(field); !done) return std::unexpected(done.error());
  }
  if (!left_.empty()) return unreadable();
  return std::move(out_);
}

Result<void> RdataReader::read_field(Field field) {
  switch (field) {
    case Field::none: return {};
    case Field::u8: return read_number(1);
    case Field::u16: return read_number(2);
    case Field::u32: return read_number(4);
    case Field::period: return read_period();
    case Field::time: return read_time();
    case Field::type: return read_type();
    case Field::algorithm:
    case Field::digest_type:
    case Field::certificate_type:
    case Field::tlsa_usage:
    case Field::tlsa_selector:
    case Field::tlsa_matching:
    case Field::notify_scheme: return read_mnemonic(field);
    case Field::name: return read_name();
    case Field::names: return read_names();
    case Field::ipv4: return read_ipv4();
    case Field::ipv6: return read_ipv6();
    case Field::locator: return read_locator();
    case Field::eui48: return read_eui(6);
    case Field::eui64: return read_eui(8);
    case Field::string: return read_string();
    case Field::optional_string: return left_.empty() ? Result<void>() : read_string();
    case Field::strings: return read_strings();
    case Field::tag: return read_tag();
    case Field::octets: return read_octets();
    case Field::hex: return read_hex();
    case Field::base64: return read_base64();
    case Field::optional_base64: return left_.empty() ? Result<void>() : read_base64();
    case Field::salt: return read_salt();
    case Field::hash: return read_hash();
    case Field::bitmap:
    case Field::bitmap_of_some: return read_bitmap();
    case Field::location: return read_location();
    case Field::prefixes: return read_prefixes();
    case Field::svc_params: return read_params();
    case Field::nsap: return read_nsap();
    case Field::gateway: return read_gateway(static_cast<unsigned char>(out_[1]));
    case Field::relay_type: return read_relay_type();
    case Field::relay: return read_gateway(static_cast<unsigned char>(out_[1]) & 0x7fU);
    case Field::host_identity: return read_host_identity();
  }
  return unreadable();
}

std::string_view RdataReader::take() {
  if (left_.empty()) return {};
  const std::string_view token = left_.front();
  left_ = left_.subspan(1);
  return token;
}

std::string RdataReader::take_rest() {
  std::string rest;
  for (const std::string_view token : std::exchange(left_, {})) rest += token;
  return rest;
}

Result<void> RdataReader::append_sized(std::string_view octets) {
  if (octets.size() > k_string_bytes_max) return unreadable();
  out_ += static_cast<char>(octets.size());
  out_ += octets;
  return {};
}

// --- Numbers ---

Result<void> RdataReader::read_number(std::size_t octets, std::span<const Mnemonic> mnemonics) {
  const std::string_view token = take();
  if (token.empty()) return unreadable();
  const std::uint64_t most = (std::uint64_t{1} << octets * 8) - 1;
  std::optional<std::uint64_t> number = dns::read_number(token, most);
  const auto named =
      std::ranges::find_if(mnemonics, [&](const Mnemonic& m) { return equal_but_for_case(m.name, token); });
  if (named != mnemonics.end()) number = named->value;
  if (!number) return invalid(quote(token) + (mnemonics.empty() ? " is no whole number" : " is no number or mnemonic"));
  if (*number > most) {
    return invalid(quote(token) + " is more than this field can hold, " + std::to_string(most));
  }
  for (std::size_t i = octets; i > 0; --i) out_ += static_cast<char>(*number >> (i - 1) * 8 & 0xffU);
  return {};
}

Result<void> RdataReader::read_mnemonic(Field field) {
  // Names from the IANA registries; the alternative names are those of BIND and Knot.
  static constexpr Mnemonic k_algorithms[] = {{"RSAMD5", 1},
                                              {"DH", 2},
                                              {"DSA", 3},
                                              {"RSASHA1", 5},
                                              {"DSA-NSEC3-SHA1", 6},
                                              {"NSEC3DSA", 6},
                                              {"NSEC3RSASHA1", 7},
                                              {"RSASHA1-NSEC3-SHA1", 7},
                                              {"RSASHA256", 8},
                                              {"RSASHA512", 10},
                                              {"ECC-GOST", 12},
                                              {"ECCGOST", 12},
                                              {"ECDSAP256SHA256", 13},
                                              {"ECDSAP384SHA384", 14},
                                              {"ED25519", 15},
                                              {"ED448", 16},
                                              {"INDIRECT", 252},
                                              {"PRIVATEDNS", 253},
                                              {"PRIVATEOID", 254}};
  static constexpr Mnemonic k_digests[] = {{"SHA-1", 1}, {"SHA1", 1},    {"SHA-256", 2}, {"SHA256", 2},
                                           {"GOST", 3},  {"SHA-384", 4}, {"SHA384", 4}};
  static constexpr Mnemonic k_certificates[] = {{"PKIX", 1}, {"SPKI", 2},   {"PGP", 3},     {"IPKIX", 4}, {"ISPKI", 5},
                                                {"IPGP", 6}, {"ACPKIX", 7}, {"IACPKIX", 8}, {"URI", 253}, {"OID", 254}};
  static constexpr Mnemonic k_usages[] = {// RFC 7218, as the next two
                                          {"PKIX-TA", 0},
                                          {"PKIX-EE", 1},
                                          {"DANE-TA", 2},
                                          {"DANE-EE", 3},
                                          {"PrivCert", 255}};
  static constexpr Mnemonic k_selectors[] = {{"Cert", 0}, {"SPKI", 1}, {"PrivSel", 255}};
  static constexpr Mnemonic k_matchings[] = {{"Full", 0}, {"SHA2-256", 1}, {"SHA2-512", 2}, {"PrivMatch", 255}};
  static constexpr Mnemonic k_schemes[] = {{"NOTIFY", 1}};  // RFC 9859
  switch (field) {
    case Field::algorithm: return read_number(1, k_algorithms);
    case Field::digest_type: return read_number(1, k_digests);
    case Field::certificate_type: return read_number(2, k_certificates);
    case Field::tlsa_usage: return read_number(1, k_usages);
    case Field::tlsa_selector: return read_number(1, k_selectors);
    case Field::tlsa_matching: return read_number(1, k_matchings);
    case Field::notify_scheme: return read_number(1, k_schemes);
    default: return unreadable();
  }
}

Result<void> RdataReader::read_period() {
  const std::string_view token = take();
  if (token.empty()) return unreadable();
  const std::optional<std::uint32_t> seconds = parse_period(token);
  if (!seconds) return invalid(quote(token) + " is no time in seconds");
  append_u32(out_, *seconds);
  return {};
}

Result<void> RdataReader::read_time() {
  const std::string_view token = take();
  const std::optional<std::uint32_t> seconds = parse_time(token);
  if (!seconds) return invalid(quote(token) + " is no time: YYYYMMDDHHMMSS, or seconds since 1970");
  append_u32(out_, *seconds);
  return {};
}

Result<void> RdataReader::read_type() {
  const std::string_view token = take();
  if (token.empty()) return unreadable();
  const Result<Type> type = parse_type(token);
  if (!type) return std::unexpected(type.error());
  append_u16(out_, static_cast<std::uint16_t>(*type));
  return {};
}

// --- Names and addresses ---

Result<void> RdataReader::read_name() {
  const std::string_view token = take();
  if (token.empty()) return unreadable();
  const std::optional<Name> name = parse_relative_name(token, origin_);
  if (!name) return invalid(quote(token) + " is no domain name");
  out_.append(reinterpret_cast<const char*>(name->wire().data()), name->wire().size());
  return {};
}

Result<void> RdataReader::read_names() {
  while (!left_.empty()) {
    if (const Result<void> name = read_name(); !name) return name;
  }
  return {};
}

Result<void> RdataReader::read_ipv4() {
  const auto address = dns::read_ipv4(take());
  if (!address) return unreadable();
  out_.append(reinterpret_cast<const char*>(address->data()), address->size());
  return {};
}

Result<void> RdataReader::read_ipv6() {
  const auto address = dns::read_ipv6(take());
  if (!address) return unreadable();
  out_.append(reinterpret_cast<const char*>(address->data()), address->size());
  return {};
}

Result<void> RdataReader::read_gateway(unsigned kind) {
  switch (kind) {
    case 0: return take() == "." ? Result<void>() : unreadable();
    case 1: return read_ipv4();
    case 2: return read_ipv6();
    case 3: return read_name();
    default:
      return invalid(quote(std::to_string(kind)) +
                     " is no kind of gateway or relay: 0 is none, 1 an IPv4 address, 2 an IPv6 address, 3 a name");
  }
}

// --- Strings ---

Result<void> RdataReader::read_string() {
  const std::string_view token = take();
  if (token.empty()) return unreadable();
  const std::optional<std::string> octets = dns::read_string(token);
  if (!octets) return invalid(quote(token) + " has a broken escape, or a quote in the middle of a word");
  return append_sized(*octets);
}

Result<void> RdataReader::read_strings() {
  do {
    if (const Result<void> string = read_string(); !string) return string;
  } while (!left_.empty());
  return {};
}

Result<void> RdataReader::read_tag() {
  const std::string_view token = take();
  const bool is_tag = !token.empty() && std::ranges::all_of(token, [](char c) {
    const std::uint8_t folded = fold(static_cast<std::uint8_t>(c));
    return (folded >= 'a' && folded <= 'z') || (c >= '0' && c <= '9');
  });
  return is_tag ? append_sized(token) : unreadable();
}

Result<void> RdataReader::read_octets() {
  const std::string_view token = take();
  if (token.empty()) return unreadable();
  const std::optional<std::string> octets = dns::read_string(token);
  if (!octets) return invalid(quote(token) + " has a broken escape, or a quote in the middle of a word");
  out_ += *octets;
  return {};
}

// --- Octets ---

Result<void> RdataReader::read_hex() {
  const std::string digits = take_rest();
  if (digits.empty()) return unreadable();
  if (digits.size() % 2 != 0) return invalid("an odd number of hexadecimal digits");
  return append_hex(out_, digits) ? Result<void>() : unreadable();
}

Result<void> RdataReader::read_base64() {
  const std::string digits = take_rest();
  if (digits.empty()) return unreadable();
  return append_base64(out_, digits) ? Result<void>() : invalid("the base64 at the end of the record is broken");
}

Result<void> RdataReader::read_salt() {
  const std::string_view token = take();
  std::string salt;
  if (token.empty() || (token != "-" && !append_hex(salt, token))) return unreadable();
  return append_sized(salt);
}

Result<void> RdataReader::read_hash() {
  std::string hash;
  if (!append_base32hex(hash, take()) || hash.empty()) return unreadable();
  return append_sized(hash);
}

Result<void> RdataReader::read_bitmap() {
  constexpr std::size_t k_window_types = 256;
  std::vector<std::uint16_t> types;
  while (!left_.empty()) {
    const Result<Type> type = parse_type(take());
    if (!type) return std::unexpected(type.error());
    if (is_meta_type(*type)) return invalid(type_text(*type) + " is a type of questions; no record has it");
    types.push_back(static_cast<std::uint16_t>(*type));
  }
  if (types.empty() && form_.fields[1] == Field::bitmap_of_some) return unreadable();
  std::ranges::sort(types);
  for (std::size_t i = 0; i < types.size();) {
    const std::size_t window = types[i] / k_window_types;
    std::string bits;
    for (; i < types.size() && types[i] / k_window_types == window; ++i) {
      const std::size_t bit = types[i] % k_window_types;
      bits.resize(bit / 8 + 1);
      bits.back() = static_cast<char>(static_cast<unsigned char>(bits.back()) | 0x80U >> bit % 8);
    }
    out_ += static_cast<char>(window);
    if (const Result<void> put = append_sized(bits); !put) return put;
  }
  return {};
}

Result<void> RdataReader::read_params() {
  const Result<std::string> params = read_svc_params(std::exchange(left_, {}));
  if (!params) return std::unexpected(params.error());
  out_ += *params;
  return {};
}

}  // namespace rollcall::dns
