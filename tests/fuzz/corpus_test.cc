#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "catch.h"
#include "fuzz/targets.h"

namespace rollcall::fuzz {
namespace {

namespace fs = std::filesystem;

std::vector<std::uint8_t> read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST_CASE("whatever the fuzzers have found before goes well") {
  for (const Target& target : k_targets) {
    std::size_t count = 0;
    for (const auto& entry :
         fs::directory_iterator(fs::path(ROLLCALL_SOURCE_DIR) / "tests/fuzz/corpus" / target.name)) {
      INFO(entry.path());
      const std::vector<std::uint8_t> octets = read_file(entry.path());
      REQUIRE_NOTHROW(target.run(octets));
      ++count;
    }
    INFO(target.name);
    CHECK(count > 0);
  }
}

TEST_CASE("no octets, and one, go well everywhere") {
  for (const Target& target : k_targets) {
    target.run({});
    for (int octet = 0; octet < 256; ++octet) {
      const std::uint8_t input = static_cast<std::uint8_t>(octet);
      REQUIRE_NOTHROW(target.run({&input, 1}));
    }
  }
}

}  // namespace
}  // namespace rollcall::fuzz
