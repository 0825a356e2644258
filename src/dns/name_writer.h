// Writing names into a message with compression (RFC 1035 §4.1.4).
//
// Shape    remembers where names have been written; a name is matched, suffix by suffix, against those places, ASCII
//          case folded, and only pointers below 0x4000 are made.
// Limits   k_places_max remembered places: enough for any answer from a zone file; beyond, names are just longer.
// Threads  one message, one writer.
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

  // The labels of an uncompressed name that stands in the message at `offset` may be pointed at from now on.
  void remember(std::size_t offset, const QuestionName& name);

  // `name` is uncompressed wire form. Fails as the ByteWriter does.
  void put(Bytes name);

  // RDATA from its uncompressed form: names compressed where the type allows it (RFC 3597 §4), the rest as it is.
  void put_rdata(Type type, Bytes rdata);

  // Forgets the places at or after `size`: the message was rewound to it.
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
