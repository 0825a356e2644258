// The identity of an endpoint as a string key, its hash, and random numbers for load balancing.
//
// Shape    the key is the target in lower case (RFC 4343) and the port: "web-1.web.svc.internal:8080". Its hash is the
//          same in every process and on every machine, so with consistent hashing all clients choose the same endpoint.
// Threads  pure functions: any thread.
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

// The finalizer of MurmurHash3, applied after FNV-1a: the last octets hardly change the high bits of FNV-1a.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t word) noexcept {
  word = (word ^ (word >> 33)) * 0xff51afd7ed558ccdU;
  word = (word ^ (word >> 33)) * 0xc4ceb9fe1a85ec53U;
  return word ^ (word >> 33);
}
[[nodiscard]] constexpr std::uint64_t hash_of(std::string_view text) noexcept { return mixed(stable_hash(text)); }

// A pseudo-random number in (0, 1) from two hashes. Never 0 or 1: callers divide by its logarithm.
[[nodiscard]] constexpr double lot(std::uint64_t key_hash, std::uint64_t endpoint_hash) noexcept {
  return (static_cast<double>(mixed(key_hash ^ std::rotl(endpoint_hash, 31)) >> 11) + 0.5) * 0x1.0p-53;
}

// Uniform in [0, 1). Unlike std::uniform_real_distribution, a seed gives the same numbers in every standard library.
[[nodiscard]] inline double unit(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1.0p-53; }

}  // namespace rollcall::client
