#include "tools/rollcall/run_command.h"

#include "catch.h"

namespace rollcall::cli {
namespace {

using std::chrono::milliseconds;

std::string command_error(const std::string& command, milliseconds timeout = milliseconds(10'000)) {
  const Result<void> ran = run_command(command, timeout);
  return ran ? "" : ran.error().message;
}

TEST_CASE("a command that succeeds is no news") { CHECK(command_error("test -d / && exit 0") == ""); }

TEST_CASE("a command that fails is named with its exit code") {
  CHECK(command_error("exit 3") == "\"exit 3\" failed with exit code 3");
  CHECK(command_error("kill -TERM $$") == "\"kill -TERM $$\" was ended by SIGTERM");
}

TEST_CASE("a command that is not done in time is ended with all it has started") {
  const auto began = std::chrono::steady_clock::now();
  CHECK(command_error("sleep 60 & wait", milliseconds(100)) ==
        "\"sleep 60 & wait\" was not done after 100ms and has been killed");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(30));
}

}  // namespace
}  // namespace rollcall::cli
