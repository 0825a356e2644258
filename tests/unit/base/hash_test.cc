#include "base/hash.h"

#include <array>
#include <string>
#include <unordered_set>

#include "catch.h"

namespace rollcall {
namespace {

TEST_CASE("the stable hash is FNV-1a, the same in every run") {
  CHECK(stable_hash("") == 0xcbf29ce484222325U);
  CHECK(stable_hash("a") == 0xaf63dc4c8601ec8cU);
  CHECK(stable_hash("foobar") == 0x85944171f73967e8U);
  static_assert(stable_hash("a") == 0xaf63dc4c8601ec8cU);
}

TEST_CASE("a hash depends on every byte, the length and the seed") {
  std::unordered_set<std::uint64_t> seen;
  std::size_t made = 0;
  for (std::size_t size = 0; size <= 40; ++size) {
    std::string bytes(size, '\0');
    seen.insert(hash_bytes(bytes, 1));
    seen.insert(hash_bytes(bytes, 2));
    made += 2;
    for (std::size_t at = 0; at < size; ++at) {
      for (const char c : {'\1', 'a', '\x80', '\xff'}) {
        bytes[at] = c;
        seen.insert(hash_bytes(bytes, 1));
        ++made;
      }
      bytes[at] = '\0';
    }
  }
  CHECK(seen.size() == made);
}

TEST_CASE("the hash of equal bytes is equal wherever they lie, and nothing hashes too") {
  const std::string padded = "xyweb-7.svc";
  CHECK(hash_bytes(std::string_view(padded).substr(2), 9) == hash_bytes("web-7.svc", 9));
  CHECK(hash_bytes(std::string_view(), 9) == hash_bytes("", 9));
}

TEST_CASE("names in a row spread evenly over the low and the high bits") {
  constexpr std::size_t k_names = 100'000;
  std::array<std::size_t, 256> low{};
  std::array<std::size_t, 256> high{};
  for (std::size_t each = 0; each < k_names; ++each) {
    const std::uint64_t hash = hash_bytes("web-" + std::to_string(each), 42);
    ++low[hash & 255];
    ++high[hash >> 56];
  }
  const auto chi_square = [](const std::array<std::size_t, 256>& counts) {
    double sum = 0;
    for (const std::size_t count : counts) {
      const double off = static_cast<double>(count) - static_cast<double>(k_names) / 256;
      sum += off * off / (static_cast<double>(k_names) / 256);
    }
    return sum;
  };
  CHECK(chi_square(low) < 400);  // 255 degrees of freedom: one in 10^8 is above
  CHECK(chi_square(high) < 400);
}

TEST_CASE("the seed of a process stays") { CHECK(hash_seed() == hash_seed()); }

}  // namespace
}  // namespace rollcall
