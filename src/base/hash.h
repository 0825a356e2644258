// A fast hash of short keys (labels, ids) under a seed drawn at start, so that names cannot be chosen to collide.
// Not for anything that is stored or sent: it differs from run to run. `stable_hash` is the same in every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rollcall {

namespace detail {
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
inline std::uint64_t read_up_to_8(const char* bytes, std::size_t size) noexcept {
  std::uint64_t word = 0;
  if (size > 0) std::memcpy(&word, bytes, size);  // nothing may have no address at all
  return word;
}
}  // namespace detail

// Multiply-and-fold over eight bytes at a time. Every word is OR-ed with `mask` first: 0x2020… makes the hash blind to
// ASCII case (and to a few other differences, which costs a hash nothing).
inline constexpr std::uint64_t k_case_blind = 0x2020202020202020U;

[[nodiscard]] inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed,
                                              std::uint64_t mask = 0) noexcept {
  constexpr std::uint64_t k_odd_a = 0x9E3779B97F4A7C15U;
  constexpr std::uint64_t k_odd_b = 0xD6E8FEB86659FD93U;
  std::uint64_t state = seed ^ detail::mix(bytes.size() ^ k_odd_a, k_odd_b);
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  while (left > 8) {
    state = detail::mix(state ^ (detail::read_up_to_8(at, 8) | mask), k_odd_a);
    at += 8;
    left -= 8;
  }
  state = detail::mix(state ^ (detail::read_up_to_8(at, left) | mask), k_odd_b);
  return detail::mix(state, k_odd_a ^ seed);
}

// The seed of this process.
[[nodiscard]] std::uint64_t hash_seed() noexcept;

// FNV-1a, 64 bits: the same in every run and on every machine; for labels derived from ids.
[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view bytes) noexcept {
  std::uint64_t state = 0xcbf29ce484222325U;
  for (const char c : bytes) {
    state ^= static_cast<unsigned char>(c);
    state *= 0x100000001b3U;
  }
  return state;
}

}  // namespace rollcall
