#include "base/check.h"

#include <array>
#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"

namespace rollcall {
namespace {

TEST_CASE("a check that holds does nothing") { check(true, "one is one"); }

TEST_CASE("a check that fails says its sentence and its place, and aborts") {
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);  // not Catch's
    dup2(pipe_ends[1], STDERR_FILENO);
    check(false, "a promise holds");
    _exit(0);
  }
  close(pipe_ends[1]);
  std::string text(1024, '\0');
  const ssize_t size = read(pipe_ends[0], text.data(), text.size());
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
  REQUIRE(size > 0);
  text.resize(static_cast<std::size_t>(size));
  CHECK(text.find("a promise holds") != std::string::npos);
  CHECK(text.find("check_test.cc") != std::string::npos);
}

}  // namespace
}  // namespace rollcall
