// 100,000 random operations per seed. ROLLCALL_SEED runs one seed alone; ROLLCALL_MODEL_OPERATIONS another number.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "catch.h"
#include "model/walk.h"

namespace rollcall::testing {
namespace {

constexpr std::uint64_t k_compare_all_every = 50;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t k_operations = 20'000;  // every one takes ten times as long
#else
constexpr std::uint64_t k_operations = 100'000;
#endif

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

void walk(std::uint64_t seed) {
  const std::uint64_t operations = number_from_environment("ROLLCALL_MODEL_OPERATIONS", k_operations);
  Walk walk(seed);
  for (std::uint64_t i = 1; i <= operations; ++i) {
    std::string difference = walk.step();
    if (difference.empty() && i % k_compare_all_every == 0) difference = walk.compare_all();
    if (!difference.empty()) {
      FAIL("ROLLCALL_SEED=" << seed << ", after\n" << walk.history() << difference);
    }
  }
  SUCCEED();
}

TEST_CASE("the roll and the DNS are what a map says they are, whatever happens") {
  if (std::getenv("ROLLCALL_SEED") != nullptr) {
    walk(number_from_environment("ROLLCALL_SEED", 0));
    return;
  }
  const std::uint64_t fresh = std::random_device()();
  for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2026}, fresh}) {
    std::printf("model: ROLLCALL_SEED=%llu\n", static_cast<unsigned long long>(seed));
    walk(seed);
  }
}

}  // namespace
}  // namespace rollcall::testing
