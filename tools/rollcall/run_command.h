// A command of the user's, run by the shell and waited for with a deadline.
//
// Shape    blocks. The command has a process group of its own, so that all of it can be ended, and this program's output.
// Failure  Errc::invalid, one sentence: it could not be started, exited with a code, was ended by a signal, or was not
//          done in time and has been killed.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace rollcall::cli {

[[nodiscard]] Result<void> run_command(const std::string& command, std::chrono::milliseconds timeout);

}  // namespace rollcall::cli
