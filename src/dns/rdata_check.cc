#include "dns/rdata_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "dns/name.h"
#include "dns/presentation.h"
#include "dns/rdata.h"
#include "dns/rdata_form.h"
#include "dns/svc_params.h"

namespace rollcall::dns {
namespace {

bool skip_name(ByteReader& reader, Bytes rdata) {
  QuestionName name;
  if (!reader.ok() || !name.read(rdata.subspan(reader.at()))) return false;
  reader.skip(name.size);
  return true;
}

bool skip_names(ByteReader& reader, Bytes rdata) {
  while (reader.left() > 0) {
    if (!skip_name(reader, rdata)) return false;
  }
  return true;
}

Bytes take_string(ByteReader& reader) {
  const std::size_t size = reader.u8();
  return reader.bytes(size);
}

bool skip_strings(ByteReader& reader) {
  do take_string(reader);
  while (reader.left() > 0);
  return reader.ok();
}

// RFC 8659 §4.1.
bool skip_tag(ByteReader& reader) {
  const Bytes tag = take_string(reader);
  return !tag.empty() && std::ranges::all_of(tag, [](std::uint8_t c) {
    const std::uint8_t folded = fold(c);
    return (folded >= 'a' && folded <= 'z') || (c >= '0' && c <= '9');
  });
}

// RFC 4034 §4.1.2: windows in ascending order, without trailing zero octets.
bool skip_bitmap(ByteReader& reader) {
  constexpr std::size_t k_window_bytes_max = 32;
  int last_window = -1;
  while (reader.left() > 0) {
    const int window = reader.u8();
    const Bytes bits = take_string(reader);
    if (bits.empty() || bits.size() > k_window_bytes_max || bits.back() == 0 || window <= last_window) return false;
    last_window = window;
  }
  return reader.ok();
}

// RFC 1876 §2: version 0, sizes as two decimal digits, latitude and longitude around 2^31.
bool skip_location(ByteReader& reader) {
  constexpr std::int64_t k_middle = std::int64_t{1} << 31;
  constexpr std::int64_t k_degree = std::int64_t{60} * 60 * 1000;
  if (reader.u8() != 0) return false;
  for (int i = 0; i < 3; ++i) {
    const std::uint8_t size = reader.u8();
    if ((size >> 4) > 9 || (size & 15) > 9) return false;
  }
  const std::int64_t latitude = reader.u32() - k_middle;
  const std::int64_t longitude = reader.u32() - k_middle;
  reader.u32();
  return std::abs(latitude) <= 90 * k_degree && std::abs(longitude) <= 180 * k_degree;
}

// RFC 3123 §4.
bool skip_prefixes(ByteReader& reader) {
  while (reader.left() > 0) {
    const std::uint16_t family = reader.u16();
    const std::size_t prefix = reader.u8();
    const Bytes address = reader.bytes(reader.u8() & 0x7fU);
    const bool is_v4 = family == 1;
    if (!reader.ok() || (!is_v4 && family != 2)) return false;
    if (prefix > (is_v4 ? 32U : 128U) || address.size() > (is_v4 ? 4U : 16U)) return false;
    if (!address.empty() && address.back() == 0) return false;
  }
  return true;
}

bool skip_gateway(ByteReader& reader, Bytes rdata, unsigned kind) {
  switch (kind) {
    case 0: return true;
    case 1: reader.skip(4); return true;
    case 2: reader.skip(16); return true;
    case 3: return skip_name(reader, rdata);
    default: return false;
  }
}

bool skip_host_identity(ByteReader& reader) {
  const std::size_t tag = reader.u8();
  reader.skip(1);
  const std::size_t key = reader.u16();
  reader.skip(tag);
  reader.skip(key);
  return tag > 0 && key > 0;
}

bool skip_rest(ByteReader& reader, std::size_t least) {
  if (reader.left() < least) return false;
  reader.skip(reader.left());
  return true;
}

unsigned second_octet(Bytes rdata) { return rdata.size() > 1 ? rdata[1] : 0U; }

// False: the octets are invalid for this field. Truncation is reported by `reader.ok()`.
bool skip_field(Field field, ByteReader& reader, Bytes rdata) {
  switch (field) {
    case Field::none: return true;
    case Field::u8:
    case Field::algorithm:
    case Field::digest_type:
    case Field::tlsa_usage:
    case Field::tlsa_selector:
    case Field::tlsa_matching:
    case Field::notify_scheme:
    case Field::relay_type: reader.skip(1); return true;
    case Field::u16:
    case Field::type:
    case Field::certificate_type: reader.skip(2); return true;
    case Field::u32:
    case Field::period:
    case Field::time:
    case Field::ipv4: reader.skip(4); return true;
    case Field::eui48: reader.skip(6); return true;
    case Field::locator:
    case Field::eui64: reader.skip(8); return true;
    case Field::ipv6: reader.skip(16); return true;
    case Field::name: return skip_name(reader, rdata);
    case Field::names: return skip_names(reader, rdata);
    case Field::string:
    case Field::salt: take_string(reader); return true;
    case Field::hash: return !take_string(reader).empty();
    case Field::optional_string:
      if (reader.left() > 0) take_string(reader);
      return true;
    case Field::strings: return skip_strings(reader);
    case Field::tag: return skip_tag(reader);
    case Field::octets:
    case Field::optional_base64:
    case Field::svc_params: return skip_rest(reader, 0);  // check_rules validates their content
    case Field::nsap:
    case Field::hex:
    case Field::base64: return skip_rest(reader, 1);
    case Field::bitmap_of_some: return reader.left() > 0 && skip_bitmap(reader);
    case Field::bitmap: return skip_bitmap(reader);
    case Field::location: return skip_location(reader);
    case Field::prefixes: return skip_prefixes(reader);
    case Field::gateway: return skip_gateway(reader, rdata, second_octet(rdata));
    case Field::relay: return skip_gateway(reader, rdata, second_octet(rdata) & 0x7fU);
    case Field::host_identity: return skip_host_identity(reader);
  }
  return false;
}

// --- Rules across fields ---

std::unexpected<Error> invalid(std::string sentence) { return failure(Errc::invalid, std::move(sentence)); }

// A digest with the wrong length for its type matches no data, so validating resolvers would treat the data as bogus.
Result<void> check_length(std::string_view what, std::size_t size, std::size_t wanted) {
  if (wanted == 0 || size == wanted) return {};
  return invalid("a " + std::string(what) + " has " + std::to_string(wanted) + " octets, not " + std::to_string(size));
}

// DS and types with the same format (RFC 4509, RFC 5933, RFC 6605).
Result<void> check_digest(Bytes rdata) {
  const std::size_t size = rdata.size() - 4;
  switch (rdata[3]) {
    case 1: return check_length("digest of type 1, SHA-1,", size, 20);
    case 2: return check_length("digest of type 2, SHA-256,", size, 32);
    case 3: return check_length("digest of type 3, GOST,", size, 32);
    case 4: return check_length("digest of type 4, SHA-384,", size, 48);
    default: return {};
  }
}

Result<void> check_fingerprint(Bytes rdata) {  // RFC 4255 §3.1.2, RFC 6594
  const std::size_t size = rdata.size() - 2;
  switch (rdata[1]) {
    case 1: return check_length("fingerprint of type 1, SHA-1,", size, 20);
    case 2: return check_length("fingerprint of type 2, SHA-256,", size, 32);
    default: return {};
  }
}

Result<void> check_zone_digest(Bytes rdata) {  // RFC 8976 §2.2.4
  constexpr std::size_t k_least = 12;
  const std::size_t size = rdata.size() - 6;
  if (size < k_least) return invalid("a ZONEMD digest has at least 12 octets (RFC 8976 2.2.4)");
  switch (rdata[5]) {
    case 1: return check_length("digest of algorithm 1, SHA-384,", size, 48);
    case 2: return check_length("digest of algorithm 2, SHA-512,", size, 64);
    default: return {};
  }
}

Result<void> check_x25(Bytes rdata) {  // RFC 1183 §3.1
  const Bytes digits = rdata.subspan(1);
  const bool are_digits = std::ranges::all_of(digits, [](std::uint8_t c) { return c >= '0' && c <= '9'; });
  return are_digits && digits.size() >= 4 ? Result<void>() : invalid("an X25 address has four digits or more");
}

Result<void> check_key(Bytes rdata) {  // RFC 2535 §3.1.2: two flag bits mean "no key"
  constexpr std::uint8_t k_no_key = 0xc0;
  const bool needs_key = (rdata[0] & k_no_key) != k_no_key;
  return needs_key && rdata.size() == 4 ? invalid("behind the algorithm the key in base64 is missing") : Result<void>();
}

Result<void> check_ipsec_key(Bytes rdata) {  // RFC 4025 §2.4
  ByteReader reader(rdata, 3);
  if (rdata[2] == 0 || (skip_gateway(reader, rdata, rdata[1]) && reader.left() > 0)) return {};
  return invalid("behind the gateway the key in base64 is missing; only algorithm 0 has none");
}

Result<void> check_rules(Type type, Bytes rdata) {
  switch (static_cast<std::uint16_t>(type)) {
    case 19: return check_x25(rdata);
    case 25: return check_key(rdata);
    case 37:  // RFC 4398 §2.1
      return load_u16(rdata.data()) == 0 ? invalid("type 0 of a certificate is reserved") : Result<void>();
    case 43:
    case 59:
    case 32768:
    case 32769: return check_digest(rdata);
    case 44: return check_fingerprint(rdata);
    case 45: return check_ipsec_key(rdata);
    case 63: return check_zone_digest(rdata);
    case 64:
    case 65: return check_svc_params(rdata);
    case 256: return rdata.size() > 4 ? Result<void>() : invalid("the target of a URI is not empty (RFC 7553 4.4)");
    default: return {};
  }
}

// Calls visit(field, begin offset, end offset) for each field. False: the octets do not match the form.
template <class F>
bool for_each_field(const RdataForm& form, Bytes rdata, F&& visit) {
  ByteReader reader(rdata);
  for (const Field field : form.fields) {
    if (field == Field::none) break;
    const std::size_t begin = reader.at();
    if (!skip_field(field, reader, rdata) || !reader.ok()) return false;
    visit(field, begin, reader.at());
  }
  return reader.left() == 0;
}

}  // namespace

Result<void> check_rdata(Type type, std::string_view rdata) {
  const RdataForm* form = find_form(type);
  if (form == nullptr) return {};
  if (!for_each_field(*form, octets(rdata), [](Field, std::size_t, std::size_t) {})) {
    return invalid("these octets are no RDATA of type " + type_text(type));
  }
  return check_rules(type, octets(rdata));
}

std::string fold_names(Type type, std::string_view rdata) {
  std::string folded(rdata);
  const RdataForm* form = find_form(type);
  if (form == nullptr) return folded;
  const bool is_sound = for_each_field(*form, octets(rdata), [&](Field field, std::size_t begin, std::size_t end) {
    const bool is_gateway = field == Field::gateway || field == Field::relay;
    const bool is_named = is_gateway && (second_octet(octets(rdata)) & 0x7fU) == 3;
    if (field != Field::name && field != Field::names && !is_named) return;
    // Safe for length octets too: they are below 64, so they are never letters.
    for (std::size_t i = begin; i < end; ++i) {
      folded[i] = static_cast<char>(fold(static_cast<std::uint8_t>(folded[i])));
    }
  });
  return is_sound ? folded : std::string(rdata);
}

}  // namespace rollcall::dns
