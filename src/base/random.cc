#include "base/random.h"

#include <random>

#include "base/hash.h"

namespace rollcall {
namespace {

std::uint64_t system_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace

Random Random::from_system() { return Random(system_seed()); }

std::uint64_t hash_seed() noexcept {
  static const std::uint64_t seed = system_seed();
  return seed;
}

}  // namespace rollcall
