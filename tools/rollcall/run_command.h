// Runs a shell command and waits for it, with a timeout.
//
// Shape    the command has its own process group, so that it can be killed with all its children. It inherits stdout
//          and stderr.
// Threads  blocks the calling thread.
// Failure  Errc::invalid, with a message: it could not be started, returned an exit code other than 0, was ended by a
//          signal, or was killed at the timeout.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace rollcall::cli {

[[nodiscard]] Result<void> run_command(const std::string& command, std::chrono::milliseconds timeout);

}  // namespace rollcall::cli
