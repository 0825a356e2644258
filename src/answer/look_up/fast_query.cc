#include "answer/look_up/fast_query.h"

#include <cstring>
#include <string>

#include "dns/query.h"

namespace rollcall::answer {
namespace {

constexpr std::size_t k_word = 8;
constexpr std::size_t k_name_at = dns::k_header_bytes;
constexpr std::size_t k_type_and_class = 4;
constexpr std::size_t k_zones_compared = 8;  // one after the other; of more, the whole way finds one by its hash

// `_tcp` and `_udp` as octets; the letters' bit that case changes.
constexpr std::uint32_t k_tcp = 0x5f746370;
constexpr std::uint32_t k_udp = 0x5f756470;
constexpr std::uint32_t k_letters = 0x00202020;

constexpr std::uint64_t every(std::uint8_t octet) { return 0x0101010101010101U * octet; }

// Eight octets in lower case. Length octets of labels are below the letters.
std::uint64_t fold_word(std::uint64_t word) {
  const std::uint64_t low = word & every(0x7f);
  const std::uint64_t from_a = low + every(0x80 - 'A');
  const std::uint64_t past_z = low + every(0x80 - 'Z' - 1);
  const std::uint64_t is_upper = (from_a ^ past_z) & ~word & every(0x80);
  return word | is_upper >> 2;
}

std::uint64_t load_word(const void* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, k_word);
  return word;
}

// Whether this name is at the front, with a type and a class behind it; it is in lower case.
bool begins_with(Bytes bytes, std::string_view folded) {
  if (bytes.size() < folded.size() + k_type_and_class) return false;
  const std::uint8_t* at = bytes.data();
  std::size_t i = 0;
  for (; i + k_word <= folded.size(); i += k_word) {
    if (fold_word(load_word(at + i)) != load_word(folded.data() + i)) return false;
  }
  for (; i < folded.size(); ++i) {
    if (dns::fold(at[i]) != static_cast<std::uint8_t>(folded[i])) return false;
  }
  return true;
}

}  // namespace

bool FastQuery::read(Bytes message, const ZoneTable& zones) {
  payload = limits::k_udp_payload_min;
  dnssec_ok = false;
  is_fast = read_whole(message, zones);
  if (is_fast) service_hash = registry::hash_of(service());
  return is_fast;
}

bool FastQuery::read_whole(Bytes message, const ZoneTable& zones) {
  // Behind the name's first octet at least a word can be read, as long as the label is within the message.
  if (message.size() < k_name_at + 1 + k_word + k_type_and_class) return false;
  const std::uint8_t* at = message.data();
  flags = load_u16(at + 2);
  const bool is_query = (flags & (dns::k_flag_qr | dns::k_opcode_mask)) == 0;
  const std::uint16_t additionals = load_u16(at + 10);
  if (!is_query || load_u16(at + 4) != 1 || load_u32(at + 6) != 0 || additionals > 1) return false;

  const std::size_t rest_at = read_labels(message);
  if (rest_at == 0 || !find_zone(message, rest_at, zones)) return false;
  end = rest_at + zone->records.apex().wire().size() + k_type_and_class;
  type = static_cast<dns::Type>(load_u16(at + end - 4));
  const bool is_in = load_u16(at + end - 2) == static_cast<std::uint16_t>(dns::Class::in);
  const bool is_address = type == dns::Type::a || type == dns::Type::aaaa;
  if (!is_in || (type != dns::Type::srv && (protocol || !is_address))) return false;
  has_opt = additionals == 1;
  return has_opt ? read_opt(message.subspan(end)) : message.size() == end;
}

// `S`, or `_S._P`. Where the zone begins; 0: neither of them.
std::size_t FastQuery::read_labels(Bytes message) {
  const std::uint8_t* at = message.data() + k_name_at;
  std::size_t size = *at++;
  if (size == 0 || size > limits::k_label_bytes_max) return 0;
  std::size_t rest_at = k_name_at + 1 + size;
  if (message.size() < rest_at + k_word) return 0;
  protocol.reset();
  if (*at == '_') {
    const std::uint32_t below = load_u32(message.data() + rest_at + 1) | k_letters;
    if (size == 1 || message[rest_at] != 4 || (below != k_tcp && below != k_udp)) return 0;
    protocol = below == k_tcp ? registry::Protocol::tcp : registry::Protocol::udp;
    rest_at += 1 + sizeof below;
    if (message.size() < rest_at + k_word) return 0;
    ++at;
    --size;
  }
  for (std::size_t i = 0; i < size; i += k_word) {
    const std::uint64_t folded = fold_word(load_word(at + i));
    std::memcpy(label_.data() + i, &folded, k_word);
  }
  label_bytes_ = size;
  return rest_at;
}

// The zone whose apex is all that follows the first label. Where the whole name is an apex, that zone is nearer.
bool FastQuery::find_zone(Bytes message, std::size_t rest_at, const ZoneTable& zones) {
  zone = nullptr;
  if (zones.zones().size() > k_zones_compared) return false;
  for (const Zone& candidate : zones.zones()) {
    const std::string_view apex = candidate.folded_apex;
    if (begins_with(message.subspan(k_name_at), apex)) return false;
    if (begins_with(message.subspan(rest_at), apex)) zone = &candidate;
  }
  return zone != nullptr && !zone->is_reverse;
}

bool FastQuery::read_opt(Bytes rest) {
  const std::uint8_t* at = rest.data();
  if (rest.size() != dns::k_opt_bytes || at[0] != 0) return false;
  const bool is_plain =
      load_u16(at + 1) == static_cast<std::uint16_t>(dns::Type::opt) && at[6] == 0 && load_u16(at + 9) == 0;
  payload = load_u16(at + 3);
  dnssec_ok = (at[7] & 0x80U) != 0;
  return is_plain;
}

}  // namespace rollcall::answer
