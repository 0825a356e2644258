// Wakes a thread that waits in a system call without a limit of time.
//
// Shape    SIGURG with an empty handler: the call fails with EINTR. By default, and so before the handler is there, the
//          system ignores that signal.
// Threads  any.
// Source   signal(7), "Interruption of system calls and library functions by signal handlers".
#pragma once

#include <atomic>
#include <pthread.h>

namespace rollcall::net {

// Before `thread` waits for the first time.
void let_signals_wake();

// Wakes `thread` again and again until it says so: a signal that comes just before the call does not end it.
void wake_until(pthread_t thread, const std::atomic<bool>& has_ended);

}  // namespace rollcall::net
