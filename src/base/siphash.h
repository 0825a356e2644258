// SipHash-2-4: a keyed hash of short input, 64 bits. What DNS cookies are made with (RFC 9018 §4.4).
//
// Source   Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace rollcall {

using SipHashKey = std::array<std::uint8_t, 16>;

namespace detail {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void rounds(int count) noexcept {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  }
  void absorb(std::uint64_t word) noexcept {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
};

// Little-endian, as SipHash reads its input.
inline std::uint64_t load_le(const std::uint8_t* bytes, std::size_t count) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i) word |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return word;
}

}  // namespace detail

[[nodiscard]] inline std::uint64_t siphash24(std::span<const std::uint8_t> input, const SipHashKey& key) noexcept {
  const std::uint64_t k0 = detail::load_le(key.data(), 8);
  const std::uint64_t k1 = detail::load_le(key.data() + 8, 8);
  detail::SipState state{k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
                         k1 ^ 0x7465646279746573U};
  std::size_t at = 0;
  for (; at + 8 <= input.size(); at += 8) state.absorb(detail::load_le(input.data() + at, 8));
  const std::uint64_t length = static_cast<std::uint64_t>(input.size()) << 56;
  state.absorb(length | detail::load_le(input.data() + at, input.size() - at));
  state.v2 ^= 0xff;
  state.rounds(4);
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace rollcall
