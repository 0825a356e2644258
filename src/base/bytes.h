// Bounded reading and writing of network byte order. Neither ever touches a byte outside its span.
//
// Failure  a reader that is asked for more than is left gives zeros and stays failed; a writer that is out of room
//          writes nothing more and stays failed. Whoever uses them asks `ok()` before believing anything.
// Source   RFC 1035 §2.3.2.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace rollcall {

using Bytes = std::span<const std::uint8_t>;
using WritableBytes = std::span<std::uint8_t>;

// The same octets under the other type. They borrow: valid as long as what they are given.
[[nodiscard]] inline Bytes octets(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ByteReader {
 public:
  explicit ByteReader(Bytes bytes, std::size_t at = 0) : bytes_(bytes), at_(at), ok_(at <= bytes.size()) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::size_t left() const { return ok_ ? bytes_.size() - at_ : 0; }

  std::uint8_t u8() { return take(1) ? bytes_[at_ - 1] : std::uint8_t{0}; }
  std::uint16_t u16() {
    if (!take(2)) return 0;
    return static_cast<std::uint16_t>(bytes_[at_ - 2] << 8 | bytes_[at_ - 1]);
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  Bytes bytes(std::size_t count) { return take(count) ? bytes_.subspan(at_ - count, count) : Bytes{}; }
  void skip(std::size_t count) { take(count); }

 private:
  bool take(std::size_t count) {
    if (!ok_ || bytes_.size() - at_ < count) {
      ok_ = false;
      return false;
    }
    at_ += count;
    return true;
  }

  Bytes bytes_;
  std::size_t at_;
  bool ok_;
};

// As words: written octet by octet, GCC 12 puts neighbouring fields together with many shifts.
template <class Word>
void store_word(std::uint8_t* at, Word value) {
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  std::memcpy(at, &value, sizeof value);
}
inline void store_u16(std::uint8_t* at, std::uint16_t value) { store_word(at, value); }
inline void store_u32(std::uint8_t* at, std::uint32_t value) { store_word(at, value); }
[[nodiscard]] inline std::uint16_t load_u16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
[[nodiscard]] inline std::uint32_t load_u32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(load_u16(at)) << 16 | load_u16(at + 2);
}

class ByteWriter {
 public:
  explicit ByteWriter(WritableBytes room) : room_(room) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t size() const { return at_; }
  [[nodiscard]] std::size_t left() const { return room_.size() - at_; }
  [[nodiscard]] WritableBytes written() const { return room_.first(at_); }
  [[nodiscard]] const std::uint8_t* data() const { return room_.data(); }

  void u8(std::uint8_t value) {
    if (std::uint8_t* at = claim(1)) *at = value;
  }
  void u16(std::uint16_t value) {
    if (std::uint8_t* at = claim(2)) store_u16(at, value);
  }
  void u32(std::uint32_t value) {
    if (std::uint8_t* at = claim(4)) store_u32(at, value);
  }
  void bytes(Bytes source) {
    if (std::uint8_t* at = claim(source.size()); at != nullptr && !source.empty()) {
      std::memcpy(at, source.data(), source.size());
    }
  }

  // `count` bytes to be filled by the caller at once; null when there is no room.
  std::uint8_t* claim(std::size_t count) {
    if (!ok_ || left() < count) {
      ok_ = false;
      return nullptr;
    }
    at_ += count;
    return room_.data() + (at_ - count);
  }

  // Overwrites what stands at `offset`, which has been written.
  void patch_u16(std::size_t offset, std::uint16_t value) {
    if (offset + 2 <= at_) store_u16(room_.data() + offset, value);
  }

  // Forgets everything from `size` on, and a failure with it.
  void rewind(std::size_t size) {
    at_ = size < at_ ? size : at_;
    ok_ = true;
  }

  // Makes the room smaller or larger, within the span it was made with.
  void set_room(WritableBytes room) { room_ = room; }

 private:
  WritableBytes room_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace rollcall
