// Texts that --help and the man pages share.
#pragma once

#include <string_view>

namespace rollcall::cli {

inline constexpr std::string_view k_purpose = "put services on the roll, and read it";

inline constexpr std::string_view k_environment =
    "  ROLLCALL_HTTP           as --http; several with commas\n"
    "  ROLLCALL_DNS            as --dns; several with commas\n"
    "  ROLLCALL_TOKEN          as --token\n"
    "  NO_COLOR                no colour, unless --color=always\n";

inline constexpr std::string_view k_exit_codes =
    "  0                       done\n"
    "  1                       the registry refused it, or a file at hand cannot be used\n"
    "  2                       the command line is wrong; nobody was asked\n"
    "  3                       no answer in time, or none that can be used\n"
    "  4                       there is no such zone, service, instance or name\n"
    "  5                       the token or certificate does not allow it\n";

inline constexpr std::string_view k_first_examples =
    "  rollcall register web --port 8080            # be on the roll until Ctrl-C\n"
    "  rollcall run --service web --port 8080 -- ./server\n"
    "  rollcall list\n"
    "  rollcall explain web.svc.internal            # why is it not in the answer?\n";

}  // namespace rollcall::cli
