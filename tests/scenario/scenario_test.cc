// Runs every tests/scenario/*.scn; README.md tells how they are written.
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "catch.h"
#include "scenario/commands.h"

namespace rollcall::testing {
namespace {

std::vector<std::filesystem::path> scenarios() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(ROLLCALL_SOURCE_DIR "/tests/scenario")) {
    if (entry.path().extension() == ".scn") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string place(const std::filesystem::path& file, const Command& command) {
  return "tests/scenario/" + file.filename().string() + ":" + std::to_string(command.line.number) + ": " +
         command.line.text;
}

TEST_CASE("scenarios come out as they are written") {
  REQUIRE(scenarios().size() > 10);
  for (const std::filesystem::path& file : scenarios()) {
    DYNAMIC_SECTION(file.stem().string()) {
      Commands commands;
      for (const Command& command : read_script(file)) {
        std::string difference;
        try {
          difference = commands.run(command);
        } catch (const std::exception& error) {
          FAIL(place(file, command) << "\n  " << error.what());
        }
        if (!difference.empty()) FAIL_CHECK(place(file, command) << "\n  " << difference);
      }
      SUCCEED();
    }
  }
}

}  // namespace
}  // namespace rollcall::testing
