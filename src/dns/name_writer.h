// Writes names into a message with name compression (RFC 1035 §4.1.4).
//
// Shape    remembers the offsets of written names and compares each suffix of a new name with them, ignoring ASCII
//          case. A compression pointer can only refer to offsets below 0x4000.
// Owner    borrows the ByteWriter; one NameWriter per message.
// Threads  one.
// Limits   k_places_max offsets: enough for any answer from a zone file. Later names are written with less compression.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "dns/name.h"
#include "dns/types.h"

namespace rollcall::dns {

class NameWriter {
 public:
  // Names go to `out`, which holds the message from its first byte.
  explicit NameWriter(ByteWriter& out) : out_(out) {}

  // Allows compression pointers to the labels of the uncompressed name at `offset` in the message.
  void remember(std::size_t offset, const QuestionName& name);

  // `name` is uncompressed wire form. Fails as the ByteWriter does.
  void put(Bytes name);

  // Writes RDLENGTH and RDATA. Compresses names in the RDATA if the type allows that (RFC 3597 §4).
  void put_rdata(Type type, Bytes rdata);

  // Call it after the message was truncated to `size` octets: forgets the offsets at or after it.
  void rewind(std::size_t size);

 private:
  static constexpr std::size_t k_places_max = 64;

  struct Place {
    std::uint16_t offset;     // in the message
    std::uint16_t name_size;  // octets of the name that begins there, without compression
  };

  [[nodiscard]] bool matches(std::size_t place, Bytes name) const;
  void remember_place(std::size_t offset, std::size_t name_size);

  ByteWriter& out_;
  std::array<Place, k_places_max> places_;
  std::size_t place_count_ = 0;
};

}  // namespace rollcall::dns
