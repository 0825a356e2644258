#include "tools/rollcall/child.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "tools/rollcall/exit_code.h"

namespace rollcall::cli {
namespace {

int exit_code_of(int error) {
  if (error == ENOENT || error == ENOTDIR) return k_not_found;
  return error == EACCES || error == ENOEXEC || error == EISDIR || error == ELOOP ? k_not_executable : k_run_failed;
}

// Uses posix_spawn: it runs only async-signal-safe code between fork and exec, and returns the error of exec.
int spawn(pid_t& pid, const std::vector<std::string>& command, const sigset_t& mask) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);

  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);  // we ignore SIGPIPE; the child must not inherit that
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &mask);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  if (::isatty(STDIN_FILENO) == 1) posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

  const int error = posix_spawnp(&pid, words.front(), &files, &attributes, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  return error;
}

}  // namespace

std::optional<Child::Refusal> Child::start(const std::vector<std::string>& command, const sigset_t& mask) {
  const int error = spawn(pid_, command, mask);
  if (error == 0) return std::nullopt;
  pid_ = -1;
  return Refusal{exit_code_of(error),
                 fmt::format("cannot run {}: {}", command.front(), std::generic_category().message(error))};
}

std::optional<int> Child::reap() {
  int status = 0;
  for (pid_t ended = ::waitpid(-1, &status, WNOHANG); ended > 0; ended = ::waitpid(-1, &status, WNOHANG)) {
    if (ended != pid_) continue;
    exit_code_ = WIFSIGNALED(status) ? k_signal_base + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return exit_code_;
}

void Child::signal(int number) const {
  if (pid_ > 0 && !exit_code_) ::kill(pid_, number);
}

void Child::kill_group() const {
  if (pid_ > 0 && !exit_code_) ::kill(-pid_, SIGKILL);
}

}  // namespace rollcall::cli
