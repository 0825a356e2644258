// What an endpoint is known by, and the numbers drawn from it.
//
// Shape    the key is the target in lower case (RFC 4343) and the port: "web-1.web.svc.internal:8080". Its hash is the
//          same in every process and on every machine, so that all clients send a key to the same endpoint.
// Threads  pure.
#pragma once

#include <bit>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "rollcall/endpoint.h"

namespace rollcall::client {

[[nodiscard]] std::string key_of(const Endpoint& endpoint);

// Mixed after FNV-1a, whose high bits hardly know of the last octets (the finalizer of MurmurHash3).
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t word) noexcept {
  word = (word ^ (word >> 33)) * 0xff51afd7ed558ccdU;
  word = (word ^ (word >> 33)) * 0xc4ceb9fe1a85ec53U;
  return word ^ (word >> 33);
}
[[nodiscard]] constexpr std::uint64_t hash_of(std::string_view text) noexcept { return mixed(stable_hash(text)); }

// In (0, 1): never 0 or 1, whose logarithms are of no use.
[[nodiscard]] constexpr double lot(std::uint64_t key_hash, std::uint64_t endpoint_hash) noexcept {
  return (static_cast<double>(mixed(key_hash ^ std::rotl(endpoint_hash, 31)) >> 11) + 0.5) * 0x1.0p-53;
}

// Uniform in [0, 1), the same for a seed with every standard library.
[[nodiscard]] inline double unit(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1.0p-53; }

}  // namespace rollcall::client
