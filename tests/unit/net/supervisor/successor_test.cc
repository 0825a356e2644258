#include "net/supervisor/successor.h"

#include <csignal>
#include <fstream>
#include <string>
#include <unistd.h>

#include "catch.h"

namespace rollcall::net {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a successor is no child of this process, has no signal blocked, and its end is told") {
  const std::string said = "/tmp/rollcall-successor-" + std::to_string(getpid());
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto started = start_successor("/bin/sh", {"-c", "grep -E '^(PPid|SigBlk)' /proc/self/status >" + said});
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  REQUIRE(started);
  const ProcessEnd end(*started);
  REQUIRE(end.is_told());
  REQUIRE(end.comes_within(20s));
  std::ifstream file(said);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  ::unlink(said.c_str());
  CHECK(text.find("SigBlk:\t0000000000000000") != std::string::npos);
}

TEST_CASE("a program that is not there ends at once") {
  const auto started = start_successor("/nonexistent/rollcalld", {});
  REQUIRE(started);
  CHECK(ProcessEnd(*started).comes_within(20s));
}

}  // namespace
}  // namespace rollcall::net
