#include "base/bytes.h"

#include <algorithm>
#include <array>
#include <vector>

#include "catch.h"

namespace rollcall {
namespace {

TEST_CASE("numbers are read and written in network order") {
  std::array<std::uint8_t, 7> room{};
  ByteWriter writer(room);
  writer.u8(0x01);
  writer.u16(0x0203);
  writer.u32(0x04050607);
  CHECK(writer.ok());
  CHECK(room == std::array<std::uint8_t, 7>{1, 2, 3, 4, 5, 6, 7});
  ByteReader reader(room);
  CHECK(reader.u8() == 0x01);
  CHECK(reader.u16() == 0x0203);
  CHECK(reader.u32() == 0x04050607);
  CHECK(reader.ok());
  CHECK(reader.left() == 0);
  CHECK(load_u16(room.data() + 1) == 0x0203);
  CHECK(load_u32(room.data() + 3) == 0x04050607);
}

TEST_CASE("a reader asked for more than is left gives zeros and stays failed") {
  const std::array<std::uint8_t, 3> bytes{0xff, 0xff, 0xff};
  ByteReader reader(bytes);
  CHECK(reader.u16() == 0xffff);
  CHECK(reader.u16() == 0);
  CHECK_FALSE(reader.ok());
  CHECK(reader.u8() == 0);  // one octet is there, but the reader has failed
  CHECK(reader.left() == 0);
  CHECK(reader.bytes(1).empty());
  CHECK(reader.at() == 2);
}

TEST_CASE("a 32-bit number cut short is a failure, wherever the cut is") {
  const std::array<std::uint8_t, 4> bytes{1, 2, 3, 4};
  for (std::size_t size = 0; size < 4; ++size) {
    ByteReader reader(Bytes(bytes).first(size));
    static_cast<void>(reader.u32());
    CHECK_FALSE(reader.ok());
  }
}

TEST_CASE("a reader that starts behind the end has failed, one at the end has not") {
  const std::array<std::uint8_t, 2> bytes{1, 2};
  CHECK_FALSE(ByteReader(bytes, 3).ok());
  CHECK(ByteReader(bytes, 3).left() == 0);
  ByteReader at_end(bytes, 2);
  CHECK(at_end.ok());
  CHECK(at_end.bytes(0).empty());
  CHECK(at_end.ok());
}

TEST_CASE("skipping and taking spans move on, and a length near the largest number is too long") {
  const std::array<std::uint8_t, 5> bytes{1, 2, 3, 4, 5};
  ByteReader reader(bytes);
  reader.skip(2);
  const Bytes taken = reader.bytes(2);
  CHECK(taken.data() == bytes.data() + 2);
  CHECK(taken.size() == 2);
  reader.skip(~std::size_t{0});
  CHECK_FALSE(reader.ok());
}

TEST_CASE("a writer out of room writes nothing more and stays failed") {
  std::array<std::uint8_t, 3> room{};
  ByteWriter writer(room);
  writer.u16(0x0102);
  writer.u16(0x0304);
  CHECK_FALSE(writer.ok());
  CHECK(room == std::array<std::uint8_t, 3>{1, 2, 0});
  writer.u8(9);  // would fit, but the writer has failed
  CHECK(room[2] == 0);
  CHECK(writer.size() == 2);
  CHECK(writer.claim(1) == nullptr);
}

TEST_CASE("a writer rewound forgets what came after, and its failure") {
  std::array<std::uint8_t, 4> room{};
  ByteWriter writer(room);
  writer.u16(0x0102);
  writer.u32(0);
  CHECK_FALSE(writer.ok());
  writer.rewind(1);
  CHECK(writer.ok());
  CHECK(writer.size() == 1);
  writer.rewind(3);  // not forward
  CHECK(writer.size() == 1);
  const std::array<std::uint8_t, 3> more{7, 8, 9};
  writer.bytes(more);
  CHECK(writer.ok());
  CHECK(room == std::array<std::uint8_t, 4>{1, 7, 8, 9});
  writer.bytes({});  // nothing always fits
  CHECK(writer.ok());
}

TEST_CASE("a patch changes only what has been written") {
  std::array<std::uint8_t, 4> room{};
  ByteWriter writer(room);
  writer.u16(0);
  writer.patch_u16(0, 0xaabb);
  writer.patch_u16(1, 0xccdd);  // half of it is not written yet
  CHECK(room == std::array<std::uint8_t, 4>{0xaa, 0xbb, 0, 0});
  CHECK(std::ranges::equal(writer.written(), std::array<std::uint8_t, 2>{0xaa, 0xbb}));
}

TEST_CASE("a smaller room holds less, and a larger one more") {
  std::array<std::uint8_t, 8> room{};
  ByteWriter writer(WritableBytes(room).first(4));
  writer.u16(1);
  writer.set_room(WritableBytes(room).first(2));
  CHECK(writer.left() == 0);
  writer.set_room(room);
  CHECK(writer.left() == 6);
  writer.u32(2);
  CHECK(writer.ok());
}

}  // namespace
}  // namespace rollcall
