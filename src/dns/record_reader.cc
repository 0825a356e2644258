#include "dns/record_reader.h"

#include "base/limits.h"
#include "dns/query.h"

namespace rollcall::dns {
namespace {

constexpr std::size_t k_pointers_max = limits::k_name_labels_max;  // each leads further back, to at least one label
constexpr std::uint8_t k_pointer_bits = 0xc0;
constexpr std::size_t k_soa_numbers_bytes = 20;

// Appends the name at offset `at` to `wire`, uncompressed, and moves `at` past it. False: the name is malformed.
bool append_name(Bytes message, std::size_t& at, std::string& wire) {
  std::size_t from = at;
  std::size_t size = 0;
  std::size_t pointers = 0;
  while (from < message.size()) {
    const std::uint8_t length = message[from];
    if ((length & k_pointer_bits) == k_pointer_bits) {
      if (from + 2 > message.size() || ++pointers > k_pointers_max) return false;
      if (pointers == 1) at = from + 2;
      from = load_u16(message.data() + from) & 0x3fffU;
      continue;
    }
    if (length > limits::k_label_bytes_max || from + 1 + length > message.size()) return false;
    size += 1U + length;
    if (size > limits::k_name_bytes_max) return false;
    wire.append(reinterpret_cast<const char*>(message.data()) + from, 1U + length);
    from += 1U + length;
    if (length > 0) continue;
    if (pointers == 0) at = from;
    return true;
  }
  return false;
}

// The layout of RDATA with compressible names (RFC 1035 §3.3).
struct Shape {
  std::size_t before = 0;  // octets in front of the names
  std::size_t names = 0;
  std::size_t behind = 0;
};

Shape shape_of(Type type) {
  switch (type) {
    case Type::soa: return {0, 2, k_soa_numbers_bytes};
    case Type::minfo: return {0, 2, 0};
    case Type::mx: return {2, 1, 0};
    case Type::srv: return {6, 1, 0};  // RFC 2052 allowed compression, and some servers still use it (RFC 3597 §4)
    default: return {0, has_compressible_rdata(type) ? 1U : 0U, 0};
  }
}

bool append_octets(Bytes message, std::size_t& at, std::size_t count, std::string& out) {
  if (message.size() - at < count) return false;
  out.append(reinterpret_cast<const char*>(message.data()) + at, count);
  at += count;
  return true;
}

bool append_rdata(Bytes message, std::size_t at, std::size_t end, Type type, std::string& rdata) {
  const Shape shape = shape_of(type);
  if (shape.names == 0) return append_octets(message, at, end - at, rdata);
  if (!append_octets(message, at, shape.before, rdata)) return false;
  for (std::size_t i = 0; i < shape.names; ++i) {
    if (!append_name(message, at, rdata)) return false;
  }
  return append_octets(message, at, shape.behind, rdata) && at == end;
}

bool read_section(Bytes message, std::size_t& at, std::size_t count, std::vector<MessageRecord>& records) {
  for (std::size_t i = 0; i < count; ++i) {
    std::string owner;
    if (!append_name(message, at, owner)) return false;
    ByteReader fixed(message, at);
    MessageRecord record;
    record.type = static_cast<Type>(fixed.u16());
    fixed.skip(2);
    record.ttl = fixed.u32();
    const std::size_t size = fixed.u16();
    if (!fixed.ok() || fixed.left() < size) return false;
    at = fixed.at() + size;
    if (record.type == Type::opt) continue;
    const auto name = Name::parse_wire(octets(owner));
    if (!name || !append_rdata(message, fixed.at(), at, record.type, record.rdata)) return false;
    record.owner = *name;
    records.push_back(std::move(record));
  }
  return true;
}

}  // namespace

std::optional<MessageRecords> read_records(Bytes message) {
  ByteReader header(message);
  header.skip(4);
  const std::size_t questions = header.u16();
  const std::size_t answers = header.u16();
  const std::size_t authorities = header.u16();
  const std::size_t additionals = header.u16();
  if (!header.ok() || questions > 1) return std::nullopt;
  std::size_t at = k_header_bytes;
  std::string question;
  if (questions == 1) {
    if (!append_name(message, at, question) || message.size() - at < 4) return std::nullopt;
    at += 4;
  }
  MessageRecords records;
  if (!read_section(message, at, answers, records.answer)) return std::nullopt;
  if (!read_section(message, at, authorities, records.authority)) return std::nullopt;
  if (!read_section(message, at, additionals, records.additional)) return std::nullopt;
  return records;
}

}  // namespace rollcall::dns
