#include "tools/rollcall/run_command.h"

#include "catch.h"

namespace rollcall::cli {
namespace {

using std::chrono::milliseconds;

std::string error_of(const std::string& command, milliseconds timeout = milliseconds(10'000)) {
  const Result<void> ran = run_command(command, timeout);
  return ran ? "" : ran.error().message;
}

TEST_CASE("a command that succeeds is no news") { CHECK(error_of("test -d / && exit 0") == ""); }

TEST_CASE("a command that fails is named with its exit code") {
  CHECK(error_of("exit 3") == "\"exit 3\" failed with exit code 3");
  CHECK(error_of("kill -TERM $$") == "\"kill -TERM $$\" was ended by SIGTERM");
}

TEST_CASE("a command that is not done in time is ended with all it has started") {
  const auto began = std::chrono::steady_clock::now();
  CHECK(error_of("sleep 60 & wait", milliseconds(100)) ==
        "\"sleep 60 & wait\" was not done after 100ms and has been killed");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(30));
}

}  // namespace
}  // namespace rollcall::cli
