#include "dns/name_writer.h"

#include <cstring>
#include <optional>

namespace rollcall::dns {
namespace {

constexpr std::size_t k_pointer_reach = 0x4000;  // a pointer has 14 bits of offset

// The position of names in RDATA of compressible types: the number of octets before the first name, and of names.
struct RdataNames {
  std::size_t before;
  std::size_t count;
};
RdataNames names_in(Type type) {
  switch (type) {
    case Type::mx: return {2, 1};
    case Type::soa:
    case Type::minfo: return {0, 2};
    default: return {0, has_compressible_rdata(type) ? std::size_t{1} : std::size_t{0}};
  }
}

std::size_t name_bytes(Bytes wire) {
  std::size_t at = 0;
  while (at < wire.size() && wire[at] != 0) at += 1U + wire[at];
  return at < wire.size() ? at + 1 : wire.size();
}

}  // namespace

void NameWriter::remember(std::size_t offset, const QuestionName& name) {
  for (std::size_t i = 0; i < name.labels; ++i) {
    remember_place(offset + name.label_offset[i], name.size - name.label_offset[i]);
  }
}

void NameWriter::remember_place(std::size_t offset, std::size_t name_size) {
  if (offset < k_pointer_reach && place_count_ < k_places_max) {
    places_[place_count_++] = {static_cast<std::uint16_t>(offset), static_cast<std::uint16_t>(name_size)};
  }
}

void NameWriter::rewind(std::size_t size) {
  while (place_count_ > 0 && places_[place_count_ - 1].offset >= size) --place_count_;
}

// Whether the name at offset `place` in the message equals `name`; follows pointers. Terminates, because every pointer
// written here points backwards.
bool NameWriter::matches(std::size_t place, Bytes name) const {
  const std::uint8_t* message = out_.data();
  // Fast path: usually the octets are identical. The loop below handles case and pointers.
  if (place + name.size() <= out_.size() && std::memcmp(message + place, name.data(), name.size()) == 0) return true;
  std::size_t at = 0;
  while (true) {
    while ((message[place] & 0xc0) == 0xc0) place = load_u16(message + place) & 0x3fffU;
    const std::uint8_t length = message[place];
    if (length != name[at]) return false;
    if (length == 0) return true;
    for (std::size_t i = 1; i <= length; ++i) {
      if (fold(message[place + i]) != fold(name[at + i])) return false;
    }
    place += 1U + length;
    at += 1U + length;
  }
}

void NameWriter::put(Bytes name) {
  std::size_t at = 0;
  const std::size_t known = place_count_;
  while (name[at] != 0) {
    for (std::size_t i = 0; i < known; ++i) {
      const Place& place = places_[i];
      if (place.name_size == name.size() - at && matches(place.offset, name.subspan(at))) {
        out_.u16(static_cast<std::uint16_t>(0xc000U | place.offset));
        return;
      }
    }
    const std::size_t offset = out_.size();
    out_.bytes(name.subspan(at, 1U + name[at]));
    if (!out_.ok()) return;
    remember_place(offset, name.size() - at);
    at += 1U + name[at];
  }
  out_.u8(0);
}

void NameWriter::put_rdata(Type type, Bytes rdata) {
  const RdataNames names = names_in(type);
  const std::size_t length_at = out_.size();
  out_.u16(0);
  std::size_t at = names.before < rdata.size() ? names.before : rdata.size();
  out_.bytes(rdata.first(at));
  for (std::size_t i = 0; i < names.count && at < rdata.size(); ++i) {
    const std::size_t size = name_bytes(rdata.subspan(at));
    put(rdata.subspan(at, size));
    at += size;
  }
  out_.bytes(rdata.subspan(at));
  if (out_.ok()) out_.patch_u16(length_at, static_cast<std::uint16_t>(out_.size() - length_at - 2));
}

}  // namespace rollcall::dns
