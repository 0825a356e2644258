// The exit codes of `rollcall`, for scripts (docs/rollcall.md#exit-codes).
#pragma once

#include "base/result.h"

namespace rollcall::cli {

inline constexpr int k_done = 0;
inline constexpr int k_refused = 1;      // the registry refused the request, or a local file cannot be used
inline constexpr int k_usage = 2;        // the command line is wrong; no server was contacted
inline constexpr int k_unreachable = 3;  // no answer, or an invalid one: try again later
inline constexpr int k_absent = 4;       // the registry answered: no such service, instance or name
inline constexpr int k_not_allowed = 5;  // the token or certificate does not allow it

// `run` returns the exit code of its command. These are for a command that could not be started, as in env(1).
inline constexpr int k_run_failed = 125;
inline constexpr int k_not_executable = 126;
inline constexpr int k_not_found = 127;
inline constexpr int k_signal_base = 128;

[[nodiscard]] constexpr int exit_code(Errc code) {
  switch (code) {
    case Errc::start_up: return k_usage;
    case Errc::unreachable:
    case Errc::store_busy:
    case Errc::store_failed:
    case Errc::not_in_charge:
    case Errc::put_first:
    case Errc::overloaded: return k_unreachable;
    case Errc::unknown_zone:
    case Errc::unknown_service:
    case Errc::unknown_instance: return k_absent;
    case Errc::unauthenticated:
    case Errc::forbidden: return k_not_allowed;
    case Errc::invalid:
    case Errc::malformed:
    case Errc::conflict: break;
  }
  return k_refused;
}

}  // namespace rollcall::cli
